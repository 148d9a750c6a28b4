import type { Channel } from "../../src/channels/channel.ts";
import type { ChannelOptions } from "../../src/channels/channel-options.ts";
import type { RawRequest } from "../../src/channels/channel-webhook.ts";
import type { SmsConfig } from "../../src/channels/sms/config.ts";
import { definition } from "../../src/channels/sms/index.ts";
import type { Logger } from "../../src/core/process/logger.ts";
import { nothingKnown } from "../support/channel-values.ts";
import { nextSid, type ScriptedTwilio, signedForm, startScriptedTwilio } from "../support/scripted-twilio.ts";
import { type ConformanceSubject, createSubjectTools, type VendorFault } from "./conformance-subject.ts";

export const FROM = "+14155238886";
export const ADA = "+491700000001";
/** The configuration for RCS with a Messaging Service. */
export const RCS = { sender: "rcs:acme_agent", messagingServiceSid: "MG0123456789abcdef0123456789abcdef" };
const PUBLIC_URL = "https://causeway.example.org";

type Account = Pick<ScriptedTwilio, "url" | "accountSid" | "authToken" | "from">;

/** The channel as the composition root creates it, connected to a simulated Twilio. */
export async function smsChannel(
  fake: Account,
  overrides: { config?: Record<string, unknown>; log?: Logger } = {},
): Promise<Channel> {
  const { accountSid, authToken, from, url: apiBaseUrl } = fake;
  const options: ChannelOptions<SmsConfig> = {
    name: "sms",
    config: definition.configSchema.parse({ accountSid, authToken, from, apiBaseUrl, ...overrides.config }),
    publicUrl: { url: PUBLIC_URL, isPublic: true },
    ...nothingKnown(),
    log: overrides.log ?? createSubjectTools().log,
  };
  return definition.create(options);
}

/** A webhook request as Twilio makes it. */
export function webhook(
  fake: Pick<Account, "authToken">,
  params: Record<string, string>,
  url = "/webhooks/sms",
): RawRequest {
  const { headers, body } = signedForm(PUBLIC_URL + url, params, fake.authToken);
  return { method: "POST", url, headers, body: Buffer.from(body) };
}

/** The fields of a new message. `fields` overrides the fields under test. */
export function messageWith(fake: Pick<Account, "accountSid" | "from">, fields: Record<string, string> = {}) {
  const MessageSid = nextSid();
  return {
    MessageSid,
    SmsMessageSid: MessageSid,
    SmsStatus: "received",
    AccountSid: fake.accountSid,
    From: ADA,
    To: fake.from,
    FromCountry: "DE",
    NumMedia: "0",
    NumSegments: "1",
    ApiVersion: "2010-04-01",
    ...fields,
  };
}

/** `rcs`: users write to the RCS sender, and the bot sends through the Messaging Service. */
export async function smsSubject(log: Logger, rcs?: typeof RCS): Promise<ConformanceSubject> {
  const fake = await startScriptedTwilio({ from: FROM, rcs });
  const channel = await smsChannel(fake, { log, config: { rcs } });
  const addresses = rcs === undefined ? {} : { From: `rcs:${ADA}`, To: rcs.sender };
  const message = (fields: Record<string, string>) =>
    webhook(fake, messageWith(fake, { ...addresses, ...fields }));
  return {
    channel,
    definition,
    address: ADA,
    secrets: [fake.authToken, Buffer.from(`${fake.accountSid}:${fake.authToken}`).toString("base64")],
    inbound: {
      message: (Body) => message({ Body }),
      forged: (Body) => {
        const signed = message({ Body });
        const with_ = (signature: string | undefined) => ({
          ...signed,
          headers: { ...signed.headers, "x-twilio-signature": signature },
        });
        const right = signed.headers["x-twilio-signature"] ?? "";
        const wrong = (right.startsWith("A") ? "B" : "A") + right.slice(1);
        const changed = { ...signed, body: Buffer.from(`${signed.body}&Extra=1`) };
        return [with_(undefined), with_(""), with_("guess"), with_(wrong), changed];
      },
      malformed: () => [
        webhook(fake, {}),
        webhook(fake, { Body: "no id" }),
        webhook(fake, { MessageSid: "" }),
      ],
      unknownEvents: () => [
        webhook(fake, { MessageSid: nextSid(), MessageStatus: "queued" }),
        webhook(fake, { MessageSid: nextSid(), MessageStatus: "something_new" }),
        message({ Body: "help" }),
        message({ Body: "on WhatsApp", From: `whatsapp:${ADA}` }),
        message({ Body: "to another number", To: "+14155550000" }),
        message({ Body: "" }),
      ],
      fromBots: () => [message({ Body: "me", From: fake.from, To: ADA })],
    },
    platform: {
      received: () => fake.taken.filter(({ to }) => to === ADA).map(({ body }) => body ?? ""),
      fail: (fault) => failFake(fake, fault),
      openConnections: () => fake.openConnections(),
    },
    answers: {
      accepted: {
        status: 200,
        contentType: "text/xml; charset=utf-8",
        body: '<?xml version="1.0" encoding="UTF-8"?><Response/>',
      },
    },
    receipts: {
      of(MessageSid, MessageStatus) {
        const ErrorCode = MessageStatus === "failed" ? { ErrorCode: "30003" } : {};
        return webhook(fake, { MessageSid, MessageStatus, ...ErrorCode }, "/webhooks/sms/status");
      },
    },
    async [Symbol.asyncDispose]() {
      await channel.stop?.();
      await fake.close();
    },
  };
}

async function failFake(fake: ScriptedTwilio, fault: VendorFault): Promise<void> {
  switch (fault) {
    case "rate_limited":
      return fake.fail({ status: 429, code: 20429, retryAfter: 7 });
    case "recipient_gone":
      return fake.fail({ status: 400, code: 21614 });
    case "credentials_revoked":
      return fake.revokeToken();
    case "server_error":
      return fake.fail({ status: 500, code: 20500 });
    case "answer_lost":
      return fake.fail({ cut: "after" });
    case "unreachable":
      return fake.close();
  }
}
