import pg from "pg";
import { expect } from "vitest";
import { SECRET_TOKEN, updateWith } from "../channels/telegram-subject.ts";
import { eventually } from "../support/eventually.ts";
import type { FakeTelegram } from "../support/fake-telegram.ts";

/** Like `eventually`, but with time for whole processes on a busy machine. */
export function patiently<T>(assertion: () => T | Promise<T>, intervalMs = 20): Promise<T> {
  return eventually(assertion, { timeoutMs: 60_000, intervalMs });
}

/** A configuration with one Telegram channel that talks to the fake. */
export function telegramConfig(
  fake: Pick<FakeTelegram, "url" | "token">,
  options: { bot?: Record<string, unknown>; channel?: Record<string, unknown> } = {},
) {
  const telegram = { kind: "telegram", agent: "talker", token: fake.token, secretToken: SECRET_TOKEN };
  return {
    workspace: "default",
    agents: { talker: { bot: options.bot ?? { type: "echo" } } },
    channels: { telegram: { ...telegram, apiRoot: fake.url, ...options.channel } },
  };
}

/** Posts one update as Telegram does. Returns the status. */
export async function post(url: string, update: unknown, channel = "telegram"): Promise<number> {
  const response = await fetch(`${url}/webhooks/${channel}`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-telegram-bot-api-secret-token": SECRET_TOKEN },
    body: JSON.stringify(update),
    signal: AbortSignal.timeout(10_000),
  });
  await response.arrayBuffer();
  return response.status;
}

export function message(chat: number, text: string) {
  const person = { id: chat, is_bot: false, first_name: "Ada" };
  return updateWith({ from: person, chat: { id: chat, type: "private", first_name: "Ada" }, text });
}

export interface Talk {
  chats: number;
  /** Messages of each chat. */
  each: number;
}

const textOf = (chat: number, n: number) => `chat ${chat} message ${n}`;
const numbers = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

/**
 * Sends messages as Telegram does: the chats in parallel, and the messages of each chat in order. Each message is
 * repeated, to any process of the moment, until one acknowledges it.
 * @param urls the processes that are reachable now; called again for every attempt.
 */
export async function talk({ chats, each }: Talk, urls: () => readonly string[]): Promise<void> {
  let turn = 0;
  await Promise.all(
    numbers(chats).map(async (chat) => {
      for (const n of numbers(each)) {
        const update = message(chat, textOf(chat, n));
        const deliver = async () => {
          const now = urls();
          expect(await post(now[turn++ % now.length] ?? "", update)).toBe(200);
        };
        await eventually(deliver, { timeoutMs: 90_000, intervalMs: 50 });
      }
    }),
  );
}

/** Waits until Telegram has every answer, in order in every chat. A repetition must directly follow its original. */
export async function expectAnswers(fake: FakeTelegram, { chats, each }: Talk): Promise<void> {
  const expected = numbers(chats).map((chat) => numbers(each).map((n) => `You said: ${textOf(chat, n)}`));
  await patiently(
    () => expect(numbers(chats).map((chat) => withoutRepeats(receivedIn(fake, chat)))).toEqual(expected),
    100,
  );
}

export function receivedIn(fake: FakeTelegram, chat: number): string[] {
  return fake.sent.filter(({ chatId }) => chatId === chat).map(({ text }) => text);
}

function withoutRepeats(texts: readonly string[]): string[] {
  return texts.filter((text, index) => text !== texts[index - 1]);
}

/** The texts that arrived more than once. */
export function repeated(fake: FakeTelegram): string[] {
  const seen = new Set<string>();
  return fake.sent.flatMap(({ text }) => {
    if (seen.has(text)) return [text];
    seen.add(text);
    return [];
  });
}

/** Waits until every delivery is recorded as sent. Returns the texts of those marked as possible duplicates. */
export async function markedDouble(databaseUrl: string): Promise<string[]> {
  const client = new pg.Client(databaseUrl);
  client.on("error", () => undefined);
  await client.connect();
  try {
    await patiently(async () => {
      const open = await client.query("SELECT id, status, error FROM deliveries WHERE status <> 'sent'");
      expect(open.rows).toEqual([]);
    });
    const { rows } = await client.query<{ content: string }>(
      "SELECT content FROM deliveries WHERE possible_duplicate ORDER BY ordinal",
    );
    return rows.map(({ content }) => content);
  } finally {
    await client.end();
  }
}

/** Runs a query. */
export async function query(databaseUrl: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client(databaseUrl);
  client.on("error", () => undefined);
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}
