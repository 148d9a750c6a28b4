import type { Channel } from "../../src/channels/channel.ts";
import type { ChannelOptions } from "../../src/channels/channel-options.ts";
import type { RawRequest } from "../../src/channels/channel-webhook.ts";
import type { WhatsappConfig } from "../../src/channels/whatsapp/config.ts";
import { definition } from "../../src/channels/whatsapp/index.ts";
import type { Logger } from "../../src/core/process/logger.ts";
import { nothingKnown } from "../support/channel-values.ts";
import { nextSid, type ScriptedTwilio, signedForm } from "../support/scripted-twilio.ts";
import { type ConformanceSubject, createSubjectTools } from "./conformance-subject.ts";
import { startSimulated } from "./simulated.ts";

export const ADA = "whatsapp:+491700000001";
export const PUBLIC_URL = "https://causeway.example.org";

export interface WhatsappOverrides {
  config?: Record<string, unknown>;
  publicUrl?: ChannelOptions<WhatsappConfig>["publicUrl"];
  lastUserMessage?: ChannelOptions<WhatsappConfig>["lastUserMessage"];
  log?: Logger;
}

type Account = Pick<ScriptedTwilio, "url" | "accountSid" | "authToken" | "from">;

/** The channel as the composition root creates it, connected to a simulated Twilio. The user has just written. */
export async function whatsappChannel(fake: Account, overrides: WhatsappOverrides = {}): Promise<Channel> {
  const { accountSid, authToken, from } = fake;
  const config = { provider: "twilio", accountSid, authToken, from, apiBaseUrl: fake.url };
  return definition.create({
    name: "whatsapp",
    config: definition.configSchema.parse({ ...config, ...overrides.config }),
    publicUrl: overrides.publicUrl ?? { url: PUBLIC_URL, isPublic: true },
    ...nothingKnown(),
    lastUserMessage: overrides.lastUserMessage ?? (async () => ({ at: new Date(), eventKeys: [] })),
    log: overrides.log ?? createSubjectTools().log,
  });
}

/** A webhook request as Twilio makes it. */
export function webhook(
  fake: Pick<Account, "authToken">,
  params: Record<string, string>,
  url = "/webhooks/whatsapp",
  publicUrl = PUBLIC_URL,
): RawRequest {
  const { headers, body } = signedForm(publicUrl + url, params, fake.authToken);
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
    ProfileName: "Ada",
    WaId: "491700000001",
    NumMedia: "0",
    NumSegments: "1",
    ApiVersion: "2010-04-01",
    ...fields,
  };
}

const NUMBER = "491700000001";

export async function whatsappSubject(log: Logger): Promise<ConformanceSubject> {
  const simulated = await startSimulated("whatsapp", "twilio");
  const { phone, mailbox } = simulated;
  const { TWILIO_API_BASE_URL: url = "", TWILIO_ACCOUNT_SID: accountSid = "", ...more } = phone.settings();
  const { TWILIO_AUTH_TOKEN: authToken = "", TWILIO_WHATSAPP_FROM: from = "" } = more;
  const account = { url, accountSid, authToken, from };
  let lastWroteAt = Date.now();
  const channel = await whatsappChannel(account, {
    log,
    lastUserMessage: async () => ({ at: new Date(lastWroteAt), eventKeys: [] }),
    publicUrl: { url: mailbox.origin, isPublic: true },
  });
  await simulated.say(NUMBER, "hello");
  const signed = (params: Record<string, string>, path?: string) =>
    webhook(account, params, path, mailbox.origin);
  const message = (fields: Record<string, string>) => signed(messageWith(account, fields));
  return {
    channel,
    definition,
    address: ADA,
    secrets: [authToken, Buffer.from(`${accountSid}:${authToken}`).toString("base64")],
    inbound: {
      message: (text) => simulated.say(NUMBER, text),
      forged: (Body) => {
        const right = message({ Body });
        const with_ = (signature: string | undefined) => ({
          ...right,
          headers: { ...right.headers, "x-twilio-signature": signature },
        });
        const signature = right.headers["x-twilio-signature"] ?? "";
        const wrong = (signature.startsWith("A") ? "B" : "A") + signature.slice(1);
        const changed = { ...right, body: Buffer.from(`${right.body}&Extra=1`) };
        return [with_(undefined), with_(""), with_("guess"), with_(wrong), changed];
      },
      malformed: () => [signed({}), signed({ Body: "no id" }), signed({ MessageSid: "" })],
      unknownEvents: () => [
        signed({ MessageSid: nextSid(), MessageStatus: "queued" }),
        signed({ MessageSid: nextSid(), MessageStatus: "something_new" }),
        message({ Body: "", MessageType: "reaction" }),
        message({ Body: "HELP", OptOutType: "HELP" }),
        message({ Body: "an SMS", From: "+491700000001" }),
      ],
      fromBots: () => [message({ Body: "me", From: from, To: ADA })],
    },
    platform: {
      received: () => simulated.fromBot(NUMBER).map(({ text }) => text),
      async fail(fault) {
        // Twilio tells at once of some of those who are gone, and of others in a report.
        if (fault === "recipient_gone")
          simulated.answerNext("create message", { status: 400, body: { code: 63024, status: 400 } });
        else await simulated.fail(fault);
      },
      openConnections: simulated.openConnections,
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
        if (MessageStatus !== "failed") return mailbox.find(MessageSid, `MessageStatus=${MessageStatus}`);
        return signed({ MessageSid, MessageStatus, ErrorCode: "63024" }, "/webhooks/whatsapp/status");
      },
    },
    closeWindow() {
      lastWroteAt -= 25 * 3_600_000;
    },
    async [Symbol.asyncDispose]() {
      await channel.stop?.();
      await simulated.close();
    },
  };
}
