import { readdirSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { Causeway, CausewayError, type TurnEvent } from "../../src/client/index.ts";
import type { TestApp } from "../support/app.ts";
import { DEAD_ADDRESS } from "../support/dead-address.ts";
import { startChatApp } from "./chat-app.ts";
import { startFlakyProxy } from "./flaky-proxy.ts";

let app: TestApp;
let proxy: Awaited<ReturnType<typeof startFlakyProxy>>;
let client: Causeway;
beforeAll(async () => {
  app = await startChatApp();
  proxy = await startFlakyProxy(app.url);
  client = new Causeway({ apiKey: app.apiKey, baseUrl: `${proxy.url}/` });
});
afterAll(async () => {
  await proxy[Symbol.asyncDispose]();
  await app[Symbol.asyncDispose]();
});

const open = (agentId = "echo") => client.sessions.create({ agentId });
const collect = async (events: AsyncIterable<TurnEvent>) => {
  const seen: TurnEvent[] = [];
  for await (const event of events) seen.push(event);
  return seen;
};
const text = (events: TurnEvent[]) =>
  events.flatMap((event) => (event.type === "content" ? [event.content] : [])).join("");

describe("the client's names", () => {
  it("are camelCase in code and snake_case on the wire; the caller's own JSON stays unchanged", async () => {
    const metadata = { db_uuid: "1234", nestedKey: { innerKey: 1, inner_key: [{ someThing: null }] } };
    const session = await client.sessions.create({
      agentId: "coach",
      user: { identifier: "ada", name: "Ada" },
      variables: { preferred_exercise: "yoga", user_name: "Ada" },
      metadata,
      renderTemplates: true,
      externalId: "own-name",
    });
    expect(JSON.parse(proxy.requests.at(-1)?.body ?? "")).toMatchObject({
      agent_id: "coach",
      render_templates: true,
      external_id: "own-name",
      metadata,
    });
    expect(session).toMatchObject({
      agentVersion: 1,
      externalId: "own-name",
      renderTemplates: true,
      variables: { preferred_exercise: "yoga", user_name: "Ada" },
      metadata,
      participantData: {},
      endedAt: null,
    });
    expect(await client.sessions.get(session.id)).toEqual(session);
    const found = await client.sessions.list({ metadataFilter: { nestedKey: { innerKey: 1 } } });
    const user = { id: session.userId, identifier: "ada", name: "Ada" };
    expect(found.data).toEqual([{ ...session, lastMessage: null, user }]);
  });

  it("are also converted in updates", async () => {
    const session = await open();
    const changed = await client.sessions.update(session.id, {
      situation: "You are summarising.",
      metadata: { camelCase: 1, snake_case: 2 },
    });
    expect(changed).toMatchObject({
      situation: "You are summarising.",
      metadata: { camelCase: 1, snake_case: 2 },
    });
    expect(await client.sessions.update(session.id, { situation: null })).toMatchObject({ situation: null });
  });
});

describe("the client's calls", () => {
  it("cover the whole life of a session", async () => {
    const session = await open("coach").catch((error: unknown) => error);
    expect(session).toBeInstanceOf(CausewayError);
    const { id } = await client.chat.createSession({ agentId: "echo", title: "Life" });
    const answer = await client.chat.sendMessage(id, { content: "Hi" });
    expect(answer).toMatchObject({ content: "You said: Hi", sessionId: id, earlierMessages: [] });
    expect((await client.executions.get(answer.executionId ?? "")).status).toBe("completed");
    expect((await client.sessions.render(id, { content: "Next" })).messages).toHaveLength(3);
    expect((await client.sessions.socketToken(id)).path).toContain(id);
    const next = await client.sessions.reset(id, { text: "Again." });
    expect(await client.sessions.get(id)).toMatchObject({ status: "completed", endReason: "api" });
    expect(await client.sessions.end(next.id)).toMatchObject({ status: "completed" });
    expect(await client.sessions.delete(id)).toBeUndefined();
    await expect(client.chat.getSession(id)).rejects.toMatchObject({ status: 404 });
  });

  it("return one page when awaited, and all items when iterated", async () => {
    const { id } = await open();
    for (let n = 1; n <= 5; n++) await client.chat.sendMessage(id, { content: `m${n}` });
    const page = await client.chat.listMessages(id, { page: 1, limit: 4 });
    expect(page.data.map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
    expect(page.meta).toEqual({
      total: 10,
      page: 1,
      limit: 4,
      totalPages: 3,
      nextCursor: expect.any(String),
    });
    const all: number[] = [];
    for await (const message of client.chat.listMessages(id, { limit: 4 })) all.push(message.seq);
    expect(all).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    const fromPage: number[] = [];
    for await (const message of page) fromPage.push(message.seq);
    expect(fromPage).toEqual(all);
    const executions = await client.executions.list({ sessionId: id, limit: 2 });
    expect([executions.data.length, executions.meta.total]).toEqual([2, 5]);
  });

  it("throw one kind of error, with the server's message", async () => {
    await expect(client.sessions.get("nothing")).rejects.toMatchObject({
      name: "CausewayError",
      status: 404,
      code: "session_not_found",
      message: expect.stringContaining("nothing"),
      details: null,
      requestId: expect.stringMatching(/^\w{27}$/),
    });
    await expect(client.sessions.create({ agentId: "coach" })).rejects.toMatchObject({
      status: 422,
      code: "missing_variables",
      details: { missing: ["preferred_exercise"] },
    });
    proxy.next({ status: 418, body: "<html>a proxy</html>" });
    await expect(client.sessions.get("x")).rejects.toMatchObject({ status: 418, code: "http_418" });
  });

  it("can be aborted", async () => {
    const { id } = await open("actor");
    const leave = new AbortController();
    const waiting = client.chat.sendMessage(id, { content: "hold" }, { signal: leave.signal });
    leave.abort();
    await expect(waiting).rejects.toMatchObject({ name: "AbortError" });
  });
});

describe("retries", () => {
  it("use one key, so a message whose answer was lost is not sent twice", async () => {
    const { id } = await open();
    proxy.next({ cut: "after" }, { cut: "before" });
    const answer = await client.chat.sendMessage(id, { content: "Once" });
    expect(answer.content).toBe("You said: Once");
    const sent = proxy.requests.slice(-3).map(({ headers }) => headers["idempotency-key"]);
    expect(new Set(sent).size).toBe(1);
    expect((await client.chat.listMessages(id)).meta.total).toBe(2);
  });

  it("wait as long as the server asks", async () => {
    vi.useFakeTimers();
    try {
      let asked = 0;
      const patient = new Causeway({
        apiKey: "x",
        baseUrl: "http://nowhere",
        fetch: async () => {
          asked += 1;
          return asked === 1
            ? new Response("", { status: 429, headers: { "retry-after": "7" } })
            : Response.json({ data: [], meta: { next_cursor: null } });
        },
      });
      const list = patient.sessions.list();
      await vi.advanceTimersByTimeAsync(6_999);
      expect(asked).toBe(1);
      await vi.advanceTimersByTimeAsync(1);
      expect((await list).data).toEqual([]);
    } finally {
      vi.useRealTimers();
    }
  });

  it("stop at the configured number", async () => {
    const before = proxy.requests.length;
    proxy.next({ status: 503, headers: { "retry-after": "0" } }, { status: 503 });
    await expect(client.sessions.list({}, { maxRetries: 1 })).rejects.toMatchObject({ status: 503 });
    expect(proxy.requests.length - before).toBe(2);
  });

  it("do not happen after a failure of the bot or after a refusal", async () => {
    const { id } = await open("actor");
    const before = proxy.requests.length;
    await expect(client.chat.sendMessage(id, { content: "fail" })).rejects.toMatchObject({
      status: 502,
      code: "bot_failed",
    });
    await expect(client.sessions.get("nothing")).rejects.toMatchObject({ status: 404 });
    expect(proxy.requests.length - before).toBe(2);
  });

  it("stop when no server answers", async () => {
    const lonely = new Causeway({ apiKey: "x", baseUrl: DEAD_ADDRESS, maxRetries: 1 });
    await expect(lonely.sessions.list()).rejects.toMatchObject({ status: 0, code: "connection_failed" });
  });
});

describe("a stream", () => {
  it("yields typed events up to the final one", async () => {
    const { id } = await open("actor");
    const events = await collect(client.chat.sendMessageStream(id, { content: "think" }));
    expect(events[0]).toEqual({
      type: "execution",
      executionId: expect.any(String),
      userMessageId: expect.any(String),
    });
    expect(events.slice(1, 4)).toMatchObject([
      { type: "thinking", content: "Let me see." },
      { type: "tool_start", name: "search" },
      { type: "tool_end", name: "search", summary: "3 results" },
    ]);
    expect(events.at(-1)).toEqual({
      type: "done",
      output: { content: "Here it is." },
      messageId: expect.any(String),
      tokenUsage: { promptTokens: 0, completionTokens: 0, totalTokens: 0 },
      time: expect.any(Number),
    });
  });

  it.each([
    [{ bytes: 60 }],
    [{ bytes: 400 }],
    [{ bytes: 430, clean: true }],
    [{ cut: "before" as const }],
    [{ status: 503, headers: { "retry-after": "0" } }],
  ])("is received completely although %j happens to it", async (mishap) => {
    const { id } = await open("actor");
    proxy.next(mishap);
    const events = await collect(client.chat.sendMessageStream(id, { content: "slowly" }));
    expect(text(events)).toBe("one two three four five six");
    expect(events.filter(({ type }) => type === "execution")).toHaveLength(1);
    expect(events.filter(({ type }) => type === "done")).toHaveLength(1);
    expect((await client.chat.listMessages(id)).meta.total).toBe(2);
  });

  it("throws if it cannot be received to its end", async () => {
    const { id } = await open("actor");
    const impatient = new Causeway({ apiKey: app.apiKey, baseUrl: proxy.url, maxRetries: 0 });
    proxy.next({ bytes: 330, clean: true }, ...Array.from({ length: 10 }, () => ({ status: 500, body: "" })));
    await expect(collect(impatient.chat.sendMessageStream(id, { content: "slowly" }))).rejects.toMatchObject({
      code: "stream_interrupted",
      status: 0,
    });
    proxy.next();
  }, 300_000);

  it("throws at once when the server refuses it", async () => {
    // A new proxy, because the other one may still have failures left from an earlier test.
    await using clean = await startFlakyProxy(app.url);
    const direct = new Causeway({ apiKey: app.apiKey, baseUrl: clean.url });
    await expect(collect(direct.chat.sendMessageStream("nothing", { content: "Hi" }))).rejects.toMatchObject({
      status: 404,
      code: "session_not_found",
    });
    expect(clean.requests).toHaveLength(1);
  });

  it("ends with an error event when the bot fails", async () => {
    const direct = new Causeway({ apiKey: app.apiKey, baseUrl: app.url });
    const { id } = await direct.sessions.create({ agentId: "actor" });
    const events = await collect(direct.chat.sendMessageStream(id, { content: "fail" }));
    expect(events.at(-1)).toEqual({ type: "error", message: "Sorry.", code: "script_failed" });
  });

  it("may be left; the turn continues, and can be watched again or cancelled", async () => {
    const direct = new Causeway({ apiKey: app.apiKey, baseUrl: app.url });
    const { id } = await direct.sessions.create({ agentId: "actor" });
    let executionId = "";
    for await (const event of direct.chat.sendMessageStream(id, { content: "slowly" })) {
      if (event.type === "execution") executionId = event.executionId ?? "";
      if (event.type === "content") break;
    }
    expect(text(await collect(direct.executions.stream(executionId)))).toBe("one two three four five six");
    for await (const event of direct.chat.sendMessageStream(id, { content: "wait" })) {
      if (event.type === "execution") await direct.executions.cancel(event.executionId ?? "");
      if (event.type === "error") expect(event.code).toBe("cancelled");
    }
  });
});

it("the client imports only what the platform provides", () => {
  const directory = new URL("../../src/client/", import.meta.url);
  for (const file of readdirSync(directory)) {
    const source = readFileSync(new URL(file, directory), "utf8");
    const imported = [...source.matchAll(/from "([^"]+)"/g)].map(([, name]) => name);
    expect(imported.filter((name) => !name?.startsWith("./"))).toEqual([]);
    expect(source).not.toMatch(/\b(process|Buffer|require|__dirname)\b/);
  }
});
