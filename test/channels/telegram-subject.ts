import type { Channel } from "../../src/channels/channel.ts";
import type { ChannelOptions } from "../../src/channels/channel-options.ts";
import type { RawRequest } from "../../src/channels/channel-webhook.ts";
import { telegramConfigSchema } from "../../src/channels/telegram/config.ts";
import { createTelegramChannel } from "../../src/channels/telegram/connection.ts";
import { definition } from "../../src/channels/telegram/index.ts";
import type { Logger } from "../../src/core/process/logger.ts";
import { nothingKnown } from "../support/channel-values.ts";
import { type ConformanceSubject, createSubjectTools, type SubjectTools } from "./conformance-subject.ts";
import { startSimulated } from "./simulated.ts";

export const SECRET_TOKEN = "webhook_secret-0123456789";
export const CHAT = 777001;
const GROUP = -100987;

export interface TelegramOverrides {
  config?: Record<string, unknown>;
  publicUrl?: { url: string; isPublic: boolean };
  log?: Logger;
  findButtons?: NonNullable<ChannelOptions<unknown>["findButtons"]>;
}

/** The channel as the composition root creates it, connected to a simulated Bot API. */
export function telegramChannel(
  fake: { url: string; token: string },
  overrides: TelegramOverrides = {},
): Channel {
  const config = { token: fake.token, secretToken: SECRET_TOKEN, apiRoot: fake.url, ...overrides.config };
  return createTelegramChannel({
    name: "telegram",
    config: telegramConfigSchema.parse(config),
    publicUrl: overrides.publicUrl ?? { url: "http://127.0.0.1:3000", isPublic: false },
    ...nothingKnown(),
    ...(overrides.findButtons ? { findButtons: overrides.findButtons } : {}),
    log: overrides.log ?? createSubjectTools().log,
  });
}

/** A webhook request as Telegram makes it. */
export function webhook(body: unknown, secret: string | undefined = SECRET_TOKEN): RawRequest {
  return {
    method: "POST",
    url: "/webhooks/telegram",
    headers: { "content-type": "application/json", "x-telegram-bot-api-secret-token": secret },
    body: Buffer.from(typeof body === "string" ? body : JSON.stringify(body)),
  };
}

let lastUpdateId = 90_000;

/** An update with a private message. `message` overrides the fields under test. */
export function updateWith(message: Record<string, unknown> = {}) {
  const update_id = ++lastUpdateId;
  const from = { id: CHAT, is_bot: false, first_name: "Ada", last_name: "Lovelace", language_code: "en" };
  const chat = { id: CHAT, type: "private", first_name: "Ada" };
  return { update_id, message: { message_id: update_id, date: 1_790_000_000, from, chat, ...message } };
}

/** A press of a button below a message, by the user of `updateWith`. `query` overrides the fields under test. */
function pressOf(data: string, query: Record<string, unknown> = {}) {
  const { update_id, message } = updateWith();
  const { from, chat } = message;
  return {
    update_id,
    callback_query: { id: `query-${update_id}`, from, data, message: { message_id: 1, chat }, ...query },
  };
}

/** The reactions that the user of `updateWith`, or another one, now has to a message. */
export function reactionTo(externalId: string, emojis: string[], changes: Record<string, unknown> = {}) {
  const { update_id, message } = updateWith();
  const [chat, id] = externalId.split(":").map(Number);
  return {
    update_id,
    message_reaction: {
      chat: { id: chat, type: "private" },
      message_id: id,
      user: message.from,
      date: message.date,
      old_reaction: [],
      new_reaction: emojis.map((emoji) => ({ type: "emoji", emoji })),
      ...changes,
    },
  };
}

export async function telegramSubject({ log, findButtons }: SubjectTools): Promise<ConformanceSubject> {
  const simulated = await startSimulated("telegram");
  const { phone, mailbox, fail, fault } = simulated;
  const { TELEGRAM_BOT_TOKEN: token = "", TELEGRAM_API_ROOT: url = "" } = phone.settings();
  const asBot = (method: string, body: object) => callAs(`${url}/bot${token}/${method}`, body);
  await asBot("setWebhook", {
    url: `${mailbox.origin}/webhooks/telegram`,
    secret_token: SECRET_TOKEN,
    allowed_updates: ["message", "callback_query", "message_reaction"],
  });
  const channel = telegramChannel({ url, token }, { log, findButtons, config: { streaming: true } });
  const bot = { id: Number(token.split(":")[0]), is_bot: true, first_name: "Causeway" };
  const chat = String(CHAT);
  const group = String(GROUP);
  // A bot can write to nobody who has not written first.
  await simulated.say(chat, "hello");
  await simulated.say(group, "hello");
  const shown = () => simulated.fromBot(chat).at(-1)?.buttons ?? [];
  const react = (externalId: string, emoji: string) =>
    mailbox.after(() => phone.react(chat, { words: externalId.split(":")[1] ?? "", emoji, from: null }));
  return {
    channel,
    definition,
    address: chat,
    secrets: [token, token.split(":")[1] ?? token, SECRET_TOKEN],
    inbound: {
      message: (text) => simulated.say(chat, text),
      forged: (text) => {
        const signed = webhook(updateWith({ text }));
        const with_ = (secret: string | undefined) => ({
          ...signed,
          headers: { ...signed.headers, "x-telegram-bot-api-secret-token": secret },
        });
        return [with_(undefined), with_(""), with_("guess"), with_(SECRET_TOKEN.replace("9", "8"))];
      },
      malformed: () => [webhook("{"), webhook(""), webhook("[]"), webhook("null"), webhook({ message: {} })],
      unknownEvents: () => [
        webhook({ update_id: 1, poll_answer: { poll_id: "1" } }),
        webhook({ update_id: 2, something_new: {} }),
        webhook({ update_id: 3, message: { shape: "unheard of" } }),
        webhook({ update_id: 4, edited_channel_post: updateWith({ text: "better" }).message }),
        webhook({ update_id: 5, channel_post: updateWith({ text: "news" }).message }),
        webhook(updateWith({ new_chat_members: [bot] })),
      ],
      fromBots: () => [
        webhook(updateWith({ text: "me", from: bot })),
        webhook(updateWith({ text: "another", from: { id: 5, is_bot: true, first_name: "Echo" } })),
      ],
    },
    platform: {
      received: () => simulated.fromBot(chat).map(({ text }) => text),
      fail,
      openConnections: simulated.openConnections,
    },
    intake: {
      channel: telegramChannel(
        { url, token },
        { log, findButtons, config: { mode: "polling", takeOver: true } },
      ),
      say: (text) => void phone.say(chat, { text, from: null, thread: null, replyTo: null, file: null }),
      unconfirmed: async () => (await asBot("getWebhookInfo", {})).result.pending_update_count,
      cut: simulated.cut,
    },
    reactions: {
      to: (externalId, thumb) => react(externalId, { up: "👍", down: "👎", other: "🔥" }[thumb]),
      removed: (externalId) => react(externalId, ""),
    },
    stopButton: () => webhook({ update_id: 9, stopped_message_generation: { chat: { id: CHAT } } }),
    limitConversation: () => fault("rate_limit", 7),
    buttons: {
      shown,
      press: (nth) => mailbox.after(() => phone.press(chat, shown()[nth] ?? "", null)),
      forged: (messageId) => {
        const elsewhere = { message_id: 1, chat: { id: 5, type: "private" } };
        return [
          webhook(pressOf(`b:${messageId}:0`, { message: elsewhere })),
          webhook(pressOf(`b:${messageId}:9`)),
          // The button that opens a page.
          webhook(pressOf(`b:${messageId}:2`)),
          webhook(pressOf(`b:${"0".repeat(27)}:0`)),
          webhook(pressOf("confirm:7")),
          webhook(pressOf("")),
        ];
      },
    },
    streams: {
      address: group,
      received: () => simulated.fromBot(group).map(({ text }) => text),
      refuse: () =>
        simulated.answerNext("sendMessage", {
          status: 400,
          body: { ok: false, error_code: 400, description: "Bad Request: not enough rights" },
        }),
    },
    async [Symbol.asyncDispose]() {
      await channel.stop?.();
      await simulated.close();
    },
  };
}

/** Calls the Bot API as the bot itself. */
async function callAs(url: string, body: object) {
  const headers = { "content-type": "application/json" };
  const response = await fetch(url, { method: "POST", headers, body: JSON.stringify(body) });
  return (await response.json()) as { result: { pending_update_count: number } };
}
