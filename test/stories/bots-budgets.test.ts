import type pg from "pg";
import { describe, expect, it } from "vitest";
import { createBudgetRepository } from "../../src/turns/budgets/budget-repository.ts";
import { startProvider } from "../bots/provider-server.ts";
import { startTestApp, type TestAppOptions } from "../support/app.ts";
import { createTestDatabase, testPool } from "../support/postgres.ts";
import { type Answered, converse } from "./bots-conversation.ts";

const REPLY = "That is enough for today.";

function limitedTo(limits: object[], bot: object = { type: "echo" }, more = {}): TestAppOptions {
  return {
    agents: { agent: { bot, budgets: { limits, reply: REPLY }, ...more } },
    channels: { api: { kind: "api", agent: "agent" } },
  };
}

function openPool(connectionString: string): AsyncDisposable & { pool: pg.Pool } {
  const pool = testPool(connectionString);
  return { pool, [Symbol.asyncDispose]: () => pool.end() };
}

function isAnswered({ status }: Answered): boolean {
  return status === "completed";
}

describe("a limit on messages", () => {
  it("per user allows that many messages, then tells the user; only operators see the reason", async () => {
    await using app = await startTestApp(limitedTo([{ per: "user", window: "30d", messages: 2 }]));
    await using talk = converse(app);
    expect(isAnswered(await talk.say("one"))).toBe(true);
    expect(isAnswered(await talk.say("two", { thread: "another" }))).toBe(true);
    const third = await talk.say("three");
    expect(third).toMatchObject({ status: "failed", errorCode: "budget_exceeded" });
    expect(third.error).toContain("2 messages per user");
    expect(third.replies).toMatchObject([{ content: REPLY, origin: "notice" }]);
    expect(isAnswered(await talk.say("hello", { user: "grace" }))).toBe(true);
  });

  it("per session starts again with each session", async () => {
    await using app = await startTestApp(limitedTo([{ per: "session", window: "30d", messages: 1 }]));
    await using talk = converse(app);
    expect(isAnswered(await talk.say("one"))).toBe(true);
    expect(isAnswered(await talk.say("two"))).toBe(false);
    expect(isAnswered(await talk.say("three", { thread: "another" }))).toBe(true);
  });

  it("per agent allows exactly that many messages across processes", async () => {
    await using database = await createTestDatabase();
    const options = { ...limitedTo([{ per: "agent", window: "30d", messages: 7 }]), database };
    await using first = await startTestApp(options);
    await using second = await startTestApp(options);
    await using here = converse(first);
    await using there = converse(second);
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, n) => (n % 2 ? here : there).say("hello", { user: `user-${n}` })),
    );
    expect(answers.filter(isAnswered)).toHaveLength(7);
  });

  it("counts a message once when the process dies and another finishes its turn", async () => {
    await using app = await startTestApp(limitedTo([{ per: "user", window: "30d", messages: 1 }]));
    await using talk = converse(app);
    const { sessionId } = await talk.say("one");
    const [message] = await talk.query<{ id: string; agent_id: string; user_id: string }>(
      `SELECT m.id, s.agent_id, s.user_id FROM messages m JOIN sessions s ON s.id = m.session_id
       WHERE s.id = $1 AND m.origin = 'user'`,
      [sessionId],
    );
    const { agent_id: agentId = "", user_id: subjectId = "", id = "" } = message ?? {};
    await using database = openPool(app.database.url);
    const again = await createBudgetRepository(database.pool).admit({
      messageIds: [id],
      mainId: id,
      counted: true,
      tokens: 0,
      limits: [{ agentId, scope: "user", subjectId, windowSeconds: 30 * 86_400, messages: 1, tokens: null }],
    });
    expect(again).toBeNull();
    expect(isAnswered(await talk.say("two"))).toBe(false);
  });

  it("counts a message once, even when its answer takes several attempts", async () => {
    const bot = {
      type: "script",
      sequence: [{ say: "never", fail: { retryable: true, code: "oops", reason: "oops" } }],
    };
    const turns = { attempts: 3, backoffMs: 0 };
    await using app = await startTestApp(
      limitedTo([{ per: "user", window: "30d", messages: 2 }], bot, { turns }),
    );
    await using talk = converse(app);
    await talk.say("one");
    expect((await talk.say("two")).errorCode).toBe("oops");
    expect(await talk.query("SELECT messages FROM budget_counters")).toEqual([{ messages: 2 }]);
  });

  it("does not count messages from an earlier window", async () => {
    await using app = await startTestApp(limitedTo([{ per: "user", window: "1d", messages: 1 }]));
    await using talk = converse(app);
    await talk.say("one");
    await talk.query(
      "UPDATE budget_counters SET window_start = window_start - interval '1 day', expires_at = now()",
    );
    expect(isAnswered(await talk.say("two"))).toBe(true);
  });
});

describe("a limit on tokens", () => {
  const usage = { prompt_tokens: 90, completion_tokens: 10 };

  it("counts the provider's tokens, and does not ask the bot after the limit is reached", async () => {
    await using provider = await startProvider();
    provider.mock.onMessage(/./, { content: "Hi!", usage });
    const bot = { type: "llm", baseUrl: `${provider.mock.url}/v1`, model: "gpt-4.1-mini" };
    await using app = await startTestApp(limitedTo([{ per: "user", window: "30d", tokens: 250 }], bot));
    await using talk = converse(app);
    const answers = [];
    for (let n = 0; n < 5; n += 1) answers.push(await talk.say("hello"));
    expect(answers.map(isAnswered)).toEqual([true, true, true, false, false]);
    expect(answers.map(({ tokens }) => tokens.total)).toEqual([100, 100, 100, null, null]);
    expect(provider.mock.getRequests()).toHaveLength(3);
    expect(await talk.query("SELECT tokens::int FROM budget_counters")).toEqual([{ tokens: 300 }]);
  });

  it("is not exceeded by simultaneous turns, because each turn reserves its possible use first", async () => {
    await using provider = await startProvider({ latency: 20 });
    provider.mock.onMessage(/./, { content: "Hi! ".repeat(20), usage });
    const settings = { maxOutputTokens: 200, model: "gpt-4.1-mini" };
    const bot = { type: "llm", baseUrl: `${provider.mock.url}/v1`, ...settings };
    await using app = await startTestApp(limitedTo([{ per: "agent", window: "30d", tokens: 150 }], bot));
    await using talk = converse(app);
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, n) => talk.say("hello", { user: `user-${n}` })),
    );
    expect(answers.filter(isAnswered).length).toBeLessThanOrEqual(2);
    expect(answers.filter(isAnswered).length).toBeGreaterThan(0);
  });

  it("counts no tokens for a failed turn", async () => {
    await using provider = await startProvider();
    provider.mock.onMessage(/./, { error: { message: "no" }, status: 400 });
    const bot = { type: "llm", baseUrl: `${provider.mock.url}/v1`, model: "gpt-4.1-mini" };
    await using app = await startTestApp(limitedTo([{ per: "user", window: "30d", tokens: 250 }], bot));
    await using talk = converse(app);
    expect((await talk.say("hello")).errorCode).toBe("request_refused");
    expect(await talk.query("SELECT tokens::int FROM budget_counters")).toEqual([{ tokens: 0 }]);
  });
});

it("the execution and the reply show the tokens that a turn used", async () => {
  await using provider = await startProvider();
  const usage = { prompt_tokens: 12, completion_tokens: 5 };
  provider.mock.onMessage(/./, { content: "Hi!", usage });
  const bot = { type: "llm", baseUrl: `${provider.mock.url}/v1`, model: "gpt-4.1-mini" };
  await using app = await startTestApp(limitedTo([], bot));
  await using talk = converse(app);
  const answered = await talk.say("hello");
  expect(answered.tokens).toEqual({ prompt: 12, completion: 5, total: 17 });
  expect(answered.replies).toMatchObject([
    { metadata: { token_usage: { ...usage, total_tokens: 17 }, time: expect.any(Number) } },
  ]);
});
