import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TestApp } from "../support/app.ts";
import { eventually } from "../support/eventually.ts";
import { startChatApp } from "./chat-app.ts";
import { readStream } from "./sse.ts";

let app: TestApp;
beforeAll(async () => {
  app = await startChatApp();
});
afterAll(() => app[Symbol.asyncDispose]());

const open = async (body: Record<string, unknown> = {}): Promise<string> =>
  (await app.api("POST", "/chat/sessions", { agent_id: "echo", ...body })).body.id;
const say = (id: string, content: string, headers?: Record<string, string>) =>
  app.api("POST", `/chat/sessions/${id}/messages`, { content }, headers);
const said = async (id: string, query = "") =>
  (await app.api("GET", `/chat/sessions/${id}/messages${query}`)).body;

interface Said {
  id: string;
  seq: number;
  role: string;
  content: string;
}

describe("sending a message", () => {
  it("answers with the assistant message, stored with the user's", async () => {
    const id = await open();
    const { status, body, headers } = await say(id, "Hi, I need help with my account.");
    expect(status).toBe(201);
    expect(body).toEqual({
      id: expect.stringMatching(/^[0-9A-Za-z]{27}$/),
      session_id: id,
      seq: 2,
      role: "assistant",
      origin: "bot",
      content: "You said: Hi, I need help with my account.",
      metadata: {},
      execution_id: expect.stringMatching(/^[0-9A-Za-z]{27}$/),
      user_message_id: expect.stringMatching(/^[0-9A-Za-z]{27}$/),
      token_usage: null,
      created_at: expect.stringMatching(/Z$/),
      attachments: [],
      buttons: [],
      payload: null,
      earlier_messages: [],
      feedback: [],
      author: null,
      sent_at: null,
      reply_to: null,
      forwarded_from: null,
      references: [],
    });
    expect(headers.get("x-causeway-session-id")).toBe(id);
    const { data } = await said(id);
    expect(data).toMatchObject([
      { id: body.user_message_id, role: "user", seq: 1, execution_id: body.execution_id },
      { id: body.id, role: "assistant", seq: 2 },
    ]);
  });

  it("sets the session's title and times", async () => {
    const id = await open();
    const before = (await app.api("GET", `/chat/sessions/${id}`)).body;
    await say(id, "What is machine learning?\nI never understood it.");
    const after = (await app.api("GET", `/chat/sessions/${id}`)).body;
    expect(after.title).toBe("What is machine learning?");
    expect(after.updated_at > before.updated_at).toBe(true);
    expect(after.last_activity_at > before.last_activity_at).toBe(true);
    const titled = await open({ title: "Mine" });
    await say(titled, "Hello");
    expect((await app.api("GET", `/chat/sessions/${titled}`)).body.title).toBe("Mine");
  });

  it("gives the bot the whole conversation so far", async () => {
    const id = await open();
    await say(id, "What is machine learning?");
    await say(id, "Can you give me a specific example?");
    await say(id, "How does that compare to deep learning?");
    const { body } = await app.api("POST", `/chat/sessions/${id}/render`, { content: "Next" });
    expect(body.messages.map(({ content }: Said) => content)).toEqual([
      "What is machine learning?",
      "You said: What is machine learning?",
      "Can you give me a specific example?",
      "You said: Can you give me a specific example?",
      "How does that compare to deep learning?",
      "You said: How does that compare to deep learning?",
      "Next",
    ]);
  });

  it("answers parallel messages one after another, each with its own answer", async () => {
    const id = await open({ agent_id: "actor" });
    const answers = await Promise.all([say(id, "hold on"), say(id, "hello"), say(id, "hello again")]);
    expect(answers.map((answer) => answer.status)).toEqual([201, 201, 201]);
    const executions = await Promise.all(
      answers.map(async ({ body }) => (await app.api("GET", `/executions/${body.execution_id}`)).body),
    );
    const runs = executions
      .map(({ started_at, ended_at }) => [started_at, ended_at])
      .sort(([a], [b]) => (a < b ? -1 : 1));
    expect(runs[1]?.[0] >= runs[0]?.[1] && runs[2]?.[0] >= runs[1]?.[1]).toBe(true);
  });

  it("stores and answers one message per key, also in parallel", async () => {
    const id = await open({ agent_id: "actor" });
    const send = () => say(id, "hold", { "idempotency-key": `once-${id}` });
    const answers = await Promise.all([send(), send(), send()]);
    answers.push(await send());
    expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1);
    expect((await said(id)).data).toHaveLength(2);
  });

  it.each([
    [{}],
    [{ content: "" }],
    [{ content: "  \n" }],
    [{ content: 7 }],
    [{ content: "x", role: "user" }],
  ])("refuses %j", async (body) => {
    const id = await open();
    const answer = await app.api("POST", `/chat/sessions/${id}/messages`, body);
    expect([answer.status, answer.body.error.code]).toEqual([422, "invalid_body"]);
    expect((await said(id)).meta.total).toBe(0);
  });

  it("stores any text unchanged", async () => {
    const id = await open();
    const content = `"quotes" \\ {user_name} {{ x }} 🦜 ${"long ".repeat(5_000)}end`;
    expect((await say(id, content)).body.content).toBe(`You said: ${content}`);
  });
});

describe("when the bot fails", () => {
  it("the call reports it, the message stays, and no answer is stored", async () => {
    const id = await open({ agent_id: "actor" });
    const { status, body } = await say(id, "fail please");
    expect(status).toBe(502);
    expect(body.error).toMatchObject({
      code: "bot_failed",
      details: { session_id: id, code: "script_failed", execution_id: expect.any(String) },
    });
    const execution = await app.api("GET", `/executions/${body.error.details.execution_id}`);
    expect(execution.body).toMatchObject({
      status: "failed",
      error: { code: "script_failed", message: "as the script says" },
      user_message_id: body.error.details.user_message_id,
    });
    expect((await said(id)).data).toMatchObject([{ role: "user", content: "fail please" }]);
    expect((await said(id, "?include=notice")).data).toMatchObject([
      {},
      { origin: "notice", content: "Sorry." },
    ]);
    expect((await say(id, "hello")).status).toBe(201);
  });

  it("the answer is empty if the bot stays silent on purpose", async () => {
    const id = await open({ agent_id: "actor" });
    const { status, body } = await say(id, "silence");
    expect([status, body.id, body.content]).toEqual([201, null, ""]);
  });
});

describe("a completed session", () => {
  it("is followed by a new session that takes its messages", async () => {
    const id = await open({ metadata: { a: 1 }, user: { identifier: "goes-on" } });
    await say(id, "Hello");
    await app.api("POST", `/chat/sessions/${id}/end`, {});
    const answers = await Promise.all([say(id, "Anybody?"), say(id, "Hello?"), say(id, "Still there?")]);
    const next = answers[0]?.body.session_id;
    expect(next).not.toBe(id);
    expect(answers.map(({ body }) => body.session_id)).toEqual([next, next, next]);
    expect((await app.api("GET", `/chat/sessions/${next}`)).body).toMatchObject({
      status: "active",
      metadata: { a: 1 },
    });
    expect((await said(id)).data).toHaveLength(2);
    expect((await said(next)).data).toHaveLength(6);
  });

  it("answers a repeated request as before", async () => {
    const id = await open();
    const stream = () =>
      fetch(`${app.url}/api/v1/chat/sessions/${id}/messages/stream`, {
        method: "POST",
        headers: {
          authorization: `Bearer ${app.apiKey}`,
          "content-type": "application/json",
          "idempotency-key": `repeat-${id}`,
        },
        body: JSON.stringify({ content: "Once" }),
      }).then((response) => readStream(response));
    const first = await stream();
    await app.api("POST", `/chat/sessions/${id}/end`, {});
    expect(await stream()).toEqual(first);
    expect((await said(id)).data).toHaveLength(2);
  });

  it("is also followed by a new session if its own bot ended it", async () => {
    const id = await open({ agent_id: "actor" });
    expect((await say(id, "bye")).body.content).toBe("Goodbye.");
    await eventually(async () => {
      expect((await app.api("GET", `/chat/sessions/${id}`)).body).toMatchObject({
        status: "completed",
        end_reason: "bot",
      });
    });
    expect((await say(id, "hello")).body.session_id).not.toBe(id);
  });
});

describe("/reset", () => {
  it("starts over, and the answer names the new session", async () => {
    const id = await open({ agent_id: "coach", variables: { preferred_exercise: "yoga" } });
    await say(id, "Remember me");
    const { status, body } = await say(id, "  /RESET ");
    expect(status, JSON.stringify(body)).toBe(201);
    expect(body).toMatchObject({ role: "assistant", content: "Conversation reset.", execution_id: null });
    expect(body.session_id).not.toBe(id);
    expect((await app.api("GET", `/chat/sessions/${id}`)).body).toMatchObject({
      status: "completed",
      end_reason: "user_reset",
    });
    expect((await said(body.session_id)).data).toEqual([]);
    const rendered = await app.api("POST", `/chat/sessions/${body.session_id}/render`, { content: "Hi" });
    expect(JSON.stringify(rendered.body)).not.toMatch(/Remember me|reset/i);
    expect((await say(id, "Hello")).body.session_id).toBe(body.session_id);
  });

  it("resets once if it is sent twice under one key", async () => {
    const id = await open();
    await say(id, "Hello");
    const reset = () => say(id, "/reset", { "idempotency-key": `reset-${id}` });
    const [first, second] = await Promise.all([reset(), reset()]);
    expect(first.body.session_id).toBe(second.body.session_id);
    expect((await app.api("GET", `/chat/sessions/${first.body.session_id}`)).body.status).toBe("active");
  });

  it("is ordinary text in the middle of a sentence", async () => {
    const id = await open();
    expect((await say(id, "what does /reset do?")).body).toMatchObject({ session_id: id });
  });
});

describe("listing messages", () => {
  let id: string;
  beforeAll(async () => {
    id = await open({ agent_id: "coach", variables: { preferred_exercise: "yoga" } });
    for (const n of [1, 2, 3, 4, 5]) await say(id, `m${n}`);
  });
  const seqs = async (query: string) => (await said(id, query)).data.map(({ seq }: Said) => seq);

  it("returns them oldest first, twenty per page", async () => {
    const { data, meta } = await said(id);
    expect(data.map(({ content }: Said) => content)).toEqual(
      [1, 2, 3, 4, 5].flatMap((n) => [`m${n}`, `You said: m${n}`]),
    );
    expect(meta).toEqual({ total: 10, page: 1, limit: 20, total_pages: 1, next_cursor: null });
  });

  it("pages by number or by cursor, from both ends", async () => {
    expect(await seqs("?page=2&limit=4")).toEqual([5, 6, 7, 8]);
    expect(await seqs("?limit=3&before_seq=8")).toEqual([5, 6, 7]);
    expect(await seqs("?limit=3&after_seq=8")).toEqual([9, 10]);
    expect(await seqs("?limit=100&page=2")).toEqual([]);
    const first = await said(id, "?limit=6");
    expect(await seqs(`?limit=6&cursor=${first.meta.next_cursor}`)).toEqual([7, 8, 9, 10]);
  });

  it("finds words in one conversation from both ends, and counts the matches", async () => {
    const id = await open();
    await say(id, "I like tea");
    await say(id, "and coffee");
    await say(id, "tea again");
    const contents = ({ data }: { data: Said[] }) => data.map(({ content }) => content);
    const found = await said(id, "?q=tea -again");
    expect([contents(found), found.meta.total]).toEqual([["I like tea", "You said: I like tea"], 2]);
    expect(contents(await said(id, "?q=tea&before_seq=2147483647&limit=1"))).toEqual(["You said: tea again"]);
    expect((await said(id, "?q=milk&include=seed")).meta.total).toBe(0);
  });

  it("shows the agent's own messages on request, under stable ids", async () => {
    const { data, meta } = await said(id, "?include=seed,tool&limit=5");
    expect(data.slice(0, 4)).toMatchObject([
      { seq: -2, role: "system", origin: "seed", content: expect.stringContaining("{user_name}") },
      { seq: -1, role: "user", origin: "seed" },
      { seq: 0, role: "assistant", origin: "seed" },
      { seq: 1, role: "user", origin: "user", content: "m1" },
    ]);
    expect(meta.total).toBe(13);
    expect((await said(id, "?include=seed&limit=5")).data[0]).toEqual(data[0]);
    expect(await seqs("?include=seed&page=2&limit=5")).toEqual([3, 4, 5, 6, 7]);
    expect(await seqs("?include=seed&limit=5&before_seq=3")).toEqual([-2, -1, 0, 1, 2]);
    expect(await seqs("?include=seed&limit=2")).toEqual([-2, -1]);
    expect(await seqs("?include=seed&limit=2&cursor=seq_-1")).toEqual([0, 1]);
  });

  it.each([
    "limit=0",
    "limit=101",
    "page=1&before_seq=3",
    "after_seq=x",
    "include=everything",
    "cursor=x",
    "cursor=seq_9999999999",
    "cursor=seq_-9999999999",
  ])("refuses %s", async (query) => {
    expect((await app.api("GET", `/chat/sessions/${id}/messages?${query}`)).status).toBe(400);
  });
});
