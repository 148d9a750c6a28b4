import type { Channel } from "../../src/channels/channel.ts";
import type { ChannelOptions } from "../../src/channels/channel-options.ts";
import type { RawRequest } from "../../src/channels/channel-webhook.ts";
import type { WhatsappConfig } from "../../src/channels/whatsapp/config.ts";
import { definition } from "../../src/channels/whatsapp/index.ts";
import type { Logger } from "../../src/core/process/logger.ts";
import { nothingKnown } from "../support/channel-values.ts";
import { nextWamid, type ScriptedMeta, signedEvent } from "../support/scripted-meta.ts";
import { type ConformanceSubject, createSubjectTools, type SubjectTools } from "./conformance-subject.ts";
import { startSimulated } from "./simulated.ts";

export const ADA = "whatsapp:+491700000001";
const OUR_NUMBER = "14155238886";

type Account = Pick<ScriptedMeta, "url" | "phoneNumberId" | "accessToken" | "appSecret" | "verifyToken">;

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

/** The channel as the composition root creates it, connected to a simulated Meta. The user has just written. */
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

const NUMBER = "491700000001";

export async function metaSubject({ log, findButtons }: SubjectTools): Promise<ConformanceSubject> {
  const simulated = await startSimulated("whatsapp", "meta");
  const { phone, mailbox } = simulated;
  const { META_API_BASE_URL: url = "", META_PHONE_NUMBER_ID: phoneNumberId = "", ...more } = phone.settings();
  const { META_ACCESS_TOKEN: accessToken = "", META_APP_SECRET: appSecret = "" } = more;
  const { META_VERIFY_TOKEN: verifyToken = "" } = more;
  const account = { url, phoneNumberId, accessToken, appSecret, verifyToken };
  let lastWroteAt = Date.now();
  const lastUserMessage = async () => ({ at: new Date(lastWroteAt), eventKeys: [] });
  const channel = await metaChannel(account, { log, lastUserMessage, findButtons });
  await simulated.say(NUMBER, "hello");
  const config = definition.configSchema.parse(metaConfig(account));
  const message = (fields: Record<string, unknown>) => metaWebhook(account, metaEvent(account, [fields]));
  const shown = () => simulated.fromBot(NUMBER).at(-1)?.buttons ?? [];
  return {
    channel,
    definition: { ...definition, ...definition.variant?.(config) },
    address: ADA,
    secrets: [account.accessToken, account.appSecret, account.verifyToken],
    inbound: {
      message: (text) => simulated.say(NUMBER, text),
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
        metaWebhook(account, "hello"),
        metaWebhook(account, {}),
        metaWebhook(account, { entry: "no list" }),
      ],
      unknownEvents: () => [
        metaWebhook(account, { object: "page", entry: [] }),
        metaWebhook(account, {
          entry: [null, 7, { changes: [null, { field: "account_update", value: {} }] }],
        }),
        metaWebhook(
          account,
          metaEvent(account, [], { statuses: [{ id: "wamid.1", status: "something_new" }] }),
        ),
        message({ type: "reaction", reaction: { message_id: "wamid.1" } }),
        metaWebhook(account, metaEvent(account, [null as never, { id: 7 }, {}])),
      ],
      fromBots: () => [
        message({ ...textMessage("me"), from: OUR_NUMBER }),
        metaWebhook(account, {
          entry: [
            {
              changes: [
                {
                  ...metaEvent(account, [textMessage("me")]).entry[0]?.changes[0],
                  field: "smb_message_echoes",
                },
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
              "hub.verify_token": account.verifyToken,
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
      received: () => simulated.fromBot(NUMBER).map(({ text }) => text),
      async fail(fault) {
        // Meta tells at once of some of those who are gone, and of others in a report.
        if (fault === "recipient_gone") simulated.answerNext("messages", refusal(131026));
        else await simulated.fail(fault);
      },
      openConnections: simulated.openConnections,
    },
    limitConversation: () => simulated.answerNext("messages", refusal(131056)),
    buttons: {
      shown,
      press: (nth) => mailbox.after(() => phone.press(NUMBER, shown()[nth] ?? "", null)),
      forged: (messageId) => [
        message({ ...replyTo(`b:${messageId}:0`, "Yes"), from: "491700000002" }),
        message(replyTo(`b:${messageId}:9`, "Yes")),
        message(replyTo(`b:${"0".repeat(27)}:0`, "Yes")),
      ],
    },
    receipts: {
      of(id, status) {
        if (status !== "failed") return mailbox.find(id, `"status":"${status}"`);
        const errors = [{ code: 131026, title: "Message undeliverable" }];
        return metaWebhook(account, metaEvent(account, [], { statuses: [{ id, status, errors }] }));
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

const refusal = (code: number) => ({ status: 400, body: { error: { code, message: `(#${code})` } } });
