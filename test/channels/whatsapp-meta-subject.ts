import type { Channel } from "../../src/channels/channel.ts";
import type { ChannelOptions } from "../../src/channels/channel-options.ts";
import type { RawRequest } from "../../src/channels/channel-webhook.ts";
import type { WhatsappConfig } from "../../src/channels/whatsapp/config.ts";
import { definition } from "../../src/channels/whatsapp/index.ts";
import type { Logger } from "../../src/core/process/logger.ts";
import { nothingKnown } from "../support/channel-values.ts";
import {
  choicesOf,
  type FakeMeta,
  type Interactive,
  nextWamid,
  signedEvent,
  startFakeMeta,
} from "../support/fake-meta.ts";
import {
  type ConformanceSubject,
  createSubjectTools,
  type SubjectTools,
  type VendorFault,
} from "./conformance-subject.ts";

export const ADA = "whatsapp:+491700000001";
const OUR_NUMBER = "14155238886";

type Account = Pick<FakeMeta, "url" | "phoneNumberId" | "accessToken" | "appSecret" | "verifyToken">;

export interface MetaOverrides {
  config?: Record<string, unknown>;
  lastUserMessage?: ChannelOptions<WhatsappConfig>["lastUserMessage"];
  findButtons?: ChannelOptions<WhatsappConfig>["findButtons"];
  refusesMarketing?: ChannelOptions<WhatsappConfig>["refusesMarketing"];
  log?: Logger;
}

export function metaConfig(fake: Account, overrides: Record<string, unknown> = {}) {
  const { phoneNumberId, accessToken, appSecret, verifyToken, url: apiBaseUrl } = fake;
  return { provider: "meta", phoneNumberId, accessToken, appSecret, verifyToken, apiBaseUrl, ...overrides };
}

/** The channel as the composition root creates it, connected to a fake Meta. The user has just written. */
export async function metaChannel(fake: Account, overrides: MetaOverrides = {}): Promise<Channel> {
  return definition.create({
    name: "whatsapp",
    config: definition.configSchema.parse(metaConfig(fake, overrides.config)),
    publicUrl: { url: "https://causeway.example.org", isPublic: true },
    ...nothingKnown(),
    lastUserMessage: overrides.lastUserMessage ?? (async () => ({ at: new Date(), eventKeys: [] })),
    ...(overrides.findButtons ? { findButtons: overrides.findButtons } : {}),
    ...(overrides.refusesMarketing ? { refusesMarketing: overrides.refusesMarketing } : {}),
    log: overrides.log ?? createSubjectTools().log,
  });
}

/** A signed webhook request. */
export function metaWebhook(fake: Pick<Account, "appSecret">, event: unknown): RawRequest {
  const { headers, body } = signedEvent(event, fake.appSecret);
  return { method: "POST", url: "/webhooks/whatsapp", headers, body: Buffer.from(body) };
}

/** An event with these messages and the fields of `value`. The messages are Ada's by default. */
export function metaEvent(
  fake: Pick<Account, "phoneNumberId">,
  messages: readonly Record<string, unknown>[],
  value: Record<string, unknown> = {},
) {
  const wrote = { from: "491700000001", timestamp: timestampOf(new Date()) };
  return {
    object: "whatsapp_business_account",
    entry: [
      {
        id: "102290129340398",
        changes: [
          {
            field: "messages",
            value: {
              messaging_product: "whatsapp",
              metadata: { display_phone_number: OUR_NUMBER, phone_number_id: fake.phoneNumberId },
              contacts: [{ profile: { name: "Ada" }, wa_id: "491700000001" }],
              messages: messages.map((message) => ({ ...wrote, id: nextWamid(), ...message })),
              ...value,
            },
          },
        ],
      },
    ],
  };
}

/** A time in Meta's format. */
export const timestampOf = (at: Date) => String(Math.floor(at.getTime() / 1000));

export const textMessage = (body: string) => ({ type: "text", text: { body } });

/** A press of a choice of our message. */
export const replyTo = (id: string, title: string) => ({
  type: "interactive",
  context: { from: OUR_NUMBER, id: "wamid.ours" },
  interactive: { type: "button_reply", button_reply: { id, title } },
});

export async function metaSubject({ log, findButtons }: SubjectTools): Promise<ConformanceSubject> {
  const fake = await startFakeMeta();
  let lastWroteAt = Date.now();
  const lastUserMessage = async () => ({ at: new Date(lastWroteAt), eventKeys: [] });
  const channel = await metaChannel(fake, { log, lastUserMessage, findButtons });
  const config = definition.configSchema.parse(metaConfig(fake));
  const message = (fields: Record<string, unknown>) => metaWebhook(fake, metaEvent(fake, [fields]));
  const offered = () => choicesOf(fake.taken.at(-1)?.interactive as Interactive);
  return {
    channel,
    definition: { ...definition, ...definition.variant?.(config) },
    address: ADA,
    secrets: [fake.accessToken, fake.appSecret, fake.verifyToken],
    inbound: {
      message: (body) => message(textMessage(body)),
      forged: (body) => {
        const signed = message(textMessage(body));
        const with_ = (signature: string | undefined) => ({
          ...signed,
          headers: { ...signed.headers, "x-hub-signature-256": signature },
        });
        const right = signed.headers["x-hub-signature-256"] ?? "";
        const wrong = right.slice(0, -1) + (right.endsWith("0") ? "1" : "0");
        const changed = { ...signed, body: Buffer.from(`${signed.body} `) };
        return [with_(undefined), with_(""), with_("sha256="), with_(wrong), with_(right.slice(7)), changed];
      },
      malformed: () => [
        metaWebhook(fake, "hello"),
        metaWebhook(fake, {}),
        metaWebhook(fake, { entry: "no list" }),
      ],
      unknownEvents: () => [
        metaWebhook(fake, { object: "page", entry: [] }),
        metaWebhook(fake, { entry: [null, 7, { changes: [null, { field: "account_update", value: {} }] }] }),
        metaWebhook(fake, metaEvent(fake, [], { statuses: [{ id: "wamid.1", status: "something_new" }] })),
        message({ type: "reaction", reaction: { message_id: "wamid.1" } }),
        metaWebhook(fake, metaEvent(fake, [null as never, { id: 7 }, {}])),
      ],
      fromBots: () => [
        message({ ...textMessage("me"), from: OUR_NUMBER }),
        metaWebhook(fake, {
          entry: [
            {
              changes: [
                { ...metaEvent(fake, [textMessage("me")]).entry[0]?.changes[0], field: "smb_message_echoes" },
              ],
            },
          ],
        }),
      ],
    },
    answers: {
      challenges: () => [
        {
          request: {
            method: "GET",
            url: `/webhooks/whatsapp?${new URLSearchParams({
              "hub.mode": "subscribe",
              "hub.verify_token": fake.verifyToken,
              "hub.challenge": "1158201444",
            })}`,
            headers: {},
            body: Buffer.alloc(0),
          },
          response: { status: 200, contentType: "text/plain; charset=utf-8", body: "1158201444" },
        },
      ],
    },
    platform: {
      received: () => fake.taken.map(({ body }) => body ?? ""),
      fail: (fault) => failFake(fake, fault),
      openConnections: () => fake.openConnections(),
    },
    limitConversation: () => fake.fail({ status: 400, code: 131056 }),
    buttons: {
      shown: () => offered().map(({ title }) => title),
      press(nth) {
        const { id = "", title = "" } = offered()[nth] ?? {};
        return message(replyTo(id, title));
      },
      forged: (messageId) => [
        message({ ...replyTo(`b:${messageId}:0`, "Yes"), from: "491700000002" }),
        message(replyTo(`b:${messageId}:9`, "Yes")),
        message(replyTo(`b:${"0".repeat(27)}:0`, "Yes")),
      ],
    },
    receipts: {
      of(id, status) {
        const errors = status === "failed" ? [{ code: 131026, title: "Message undeliverable" }] : [];
        return metaWebhook(fake, metaEvent(fake, [], { statuses: [{ id, status, errors }] }));
      },
    },
    closeWindow() {
      lastWroteAt -= 25 * 3_600_000;
    },
    async [Symbol.asyncDispose]() {
      await channel.stop?.();
      await fake.close();
    },
  };
}

async function failFake(fake: FakeMeta, fault: VendorFault): Promise<void> {
  switch (fault) {
    case "rate_limited":
      return fake.fail({ status: 400, code: 130429 });
    case "recipient_gone":
      return fake.fail({ status: 400, code: 131026 });
    case "credentials_revoked":
      return fake.revokeToken();
    case "server_error":
      return fake.fail({ status: 500, code: 131000 });
    case "answer_lost":
      return fake.fail({ cut: "after" });
    case "unreachable":
      return fake.close();
  }
}
