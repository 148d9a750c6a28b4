import type pg from "pg";
import { startTestApp, type TestApp, type TestAppOptions } from "../support/app.ts";
import { type FakeTelegram, type SentMessage, startFakeTelegram } from "../support/fake-telegram.ts";
import { testPool } from "../support/postgres.ts";

export const SECRET = "webhook_secret-0123456789";

export interface TelegramStory extends AsyncDisposable {
  app: TestApp;
  fake: FakeTelegram;
  /** Rows of the application's database. */
  rows<Row extends pg.QueryResultRow = Record<string, unknown>>(
    sql: string,
    values?: unknown[],
  ): Promise<Row[]>;
  /** Posts an update as Telegram does. Returns the status of the answer. */
  post(update: object, options?: PostOptions): Promise<number>;
  /** Posts an update with a private message. */
  say(chatId: number, text: string): Promise<number>;
  /** The texts that the bot sent to a chat, in the order of arrival. */
  texts(chatId: number): string[];
  sentTo(chatId: number): SentMessage[];
}

export interface PostOptions {
  secret?: string | null;
  contentType?: string;
  channel?: string;
}

let lastUpdateId = 500_000;

/** An update with a private message in a chat with the given id. */
export function privateMessage(chatId: number, text: string, updateId: number = ++lastUpdateId) {
  const from = { id: chatId, is_bot: false, first_name: `User ${chatId}`, language_code: "en" };
  const chat = { id: chatId, type: "private", first_name: from.first_name };
  return { update_id: updateId, message: { message_id: updateId, date: 1_790_000_000, from, chat, text } };
}

/** The configuration of a Telegram channel that talks to a fake. */
export const telegramTo = (fake: FakeTelegram, agent = "agent") => ({
  kind: "telegram",
  agent,
  token: fake.token,
  secretToken: SECRET,
  mode: "webhook",
  apiRoot: fake.url,
});

/**
 * The whole application with a Telegram channel on a strict fake. `agent` is as in channels.config.json, echo by
 * default.
 */
export async function startTelegramStory(
  options: Omit<TestAppOptions, "channels"> & {
    agent?: Record<string, unknown>;
    channels?: (fake: FakeTelegram) => Record<string, unknown>;
  } = {},
): Promise<TelegramStory> {
  const { agent = { bot: { type: "echo" } }, agents, channels, ...rest } = options;
  const fake = await startFakeTelegram();
  const app = await startTestApp({
    ...rest,
    agents: { ...agents, agent },
    channels: channels?.(fake) ?? { telegram: telegramTo(fake) },
  });
  const pool = testPool(app.database.url, 2);
  // A story may cut every connection to its database.
  const post: TelegramStory["post"] = async (update, given = {}) => {
    const { secret = SECRET, contentType = "application/json", channel = "telegram" } = given;
    const response = await fetch(`${app.url}/webhooks/${channel}`, {
      method: "POST",
      headers: {
        "content-type": contentType,
        ...(secret === null ? {} : { "x-telegram-bot-api-secret-token": secret }),
      },
      body: JSON.stringify(update),
    });
    await response.text();
    return response.status;
  };
  const sentTo = (chatId: number) => fake.sent.filter((message) => message.chatId === chatId);
  return {
    app,
    fake,
    post,
    sentTo,
    say: (chatId, text) => post(privateMessage(chatId, text)),
    texts: (chatId) => sentTo(chatId).map(({ text }) => text),
    rows: async (sql, values = []) => (await pool.query(sql, values)).rows,
    async [Symbol.asyncDispose]() {
      await pool.end();
      await app[Symbol.asyncDispose]();
      await fake.close();
    },
  };
}
