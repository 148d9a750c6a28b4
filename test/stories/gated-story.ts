import type pg from "pg";
import { startTestApp, type TestApp, type TestAppOptions } from "../support/app.ts";
import { createGatedChannel, type GatedChannel, type GatedInbound } from "../support/gated-channel.ts";
import { testPool } from "../support/postgres.ts";
import { createScriptedBot, type ScriptedBot } from "../support/scripted-bot.ts";

export interface GatedStory extends AsyncDisposable {
  app: TestApp;
  bot: ScriptedBot;
  channel: GatedChannel;
  /** Writes a message and waits until it is acknowledged. */
  say(
    chat: string,
    text: string,
    options?: { key?: GatedInbound["key"]; thread?: string; channel?: string; more?: GatedInbound["more"] },
  ): Promise<void>;
  /** Several messages in one request, which are stored together. */
  sayTogether(messages: GatedInbound[]): Promise<void>;
  /** The platform's receipt for a sent message. */
  receipt(receipt: NonNullable<GatedInbound["receipt"]>): Promise<void>;
  /** The texts sent to a conversation, in order. */
  texts(address: string): string[];
  rows<Row extends pg.QueryResultRow = Record<string, unknown>>(
    sql: string,
    values?: unknown[],
  ): Promise<Row[]>;
}

let lastKey = 0;

/** The whole application between two test doubles: a scripted bot and a controlled platform. */
export async function startGatedStory(
  options: Omit<TestAppOptions, "agents" | "bots" | "kinds"> & {
    bot?: ScriptedBot;
    channel?: GatedChannel;
    /** More channels, by name and kind. */
    others?: Record<string, GatedChannel>;
    /** More agents with the same bot. Each one is merged as `agent` is. */
    colleagues?: Record<string, Record<string, unknown>>;
    /** Settings that are merged into the agent: `turns`, `reset`, … */
    agent?: Record<string, unknown>;
  } = {},
): Promise<GatedStory> {
  const {
    bot = createScriptedBot(),
    channel = createGatedChannel(),
    agent = {},
    others = {},
    colleagues = {},
    ...rest
  } = options;
  const app = await startTestApp({
    channels: Object.fromEntries(
      Object.entries({ gated: channel, ...others }).map(([name, { definition }]) => [
        name,
        { kind: definition.kind, agent: "agent" },
      ]),
    ),
    ...rest,
    agents: Object.fromEntries(
      Object.entries({ agent, ...colleagues }).map(([slug, own]) => [
        slug,
        { bot: { type: "scripted" }, ...own },
      ]),
    ),
    bots: { scripted: bot.definition },
    kinds: Object.fromEntries(
      [channel, ...Object.values(others)].map(({ definition }) => [definition.kind, definition]),
    ),
  });
  const pool = testPool(app.database.url, 2);
  // A story may cut every connection to its database.
  async function post(name: string, body: unknown): Promise<void> {
    const response = await fetch(`${app.url}/webhooks/${name}`, {
      method: "POST",
      body: JSON.stringify(body),
    });
    if (response.status !== 200) throw new Error(`not accepted: ${response.status} ${await response.text()}`);
    await response.text();
  }
  return {
    app,
    bot,
    channel,
    say: (chat, text, { key = `key-${++lastKey}`, thread, channel: name = "gated", more = {} } = {}) =>
      post(name, { chat, text, key, ...(thread === undefined ? {} : { thread }), more }),
    sayTogether: (messages) => post("gated", messages),
    receipt: (receipt) => post("gated", { receipt }),
    texts: (address) =>
      channel.sends.filter(({ part }) => part.address === address).map(({ part }) => part.text),
    rows: async (sql, values = []) => (await pool.query(sql, values)).rows,
    async [Symbol.asyncDispose]() {
      await pool.end();
      await app[Symbol.asyncDispose]();
    },
  };
}
