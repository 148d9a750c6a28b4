import type pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TestApp } from "../support/app.ts";
import { testPool } from "../support/postgres.ts";
import { startChatApp } from "./chat-app.ts";

let app: TestApp;
let pool: pg.Pool;
beforeAll(async () => {
  app = await startChatApp();
  pool = testPool(app.database.url);
});
afterAll(async () => {
  await pool.end();
  await app[Symbol.asyncDispose]();
});

async function talk(...contents: string[]): Promise<string> {
  const { body } = await app.api("POST", "/chat/sessions", {
    agent_id: "echo",
    user: { identifier: `user of ${contents[0]?.slice(0, 20)}`, name: "Ada" },
  });
  for (const content of contents) await app.api("POST", `/chat/sessions/${body.id}/messages`, { content });
  return body.id;
}

async function search(query: Record<string, string>) {
  const answer = await app.api("GET", `/chat/sessions?${new URLSearchParams(query)}`);
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  return answer.body;
}

const ids = async (query: Record<string, string>): Promise<string[]> =>
  (await search(query)).data.map(({ id }: { id: string }) => id);

describe("searching sessions by words", () => {
  let refund: string;
  let parcel: string;
  beforeAll(async () => {
    refund = await talk("Where is my REFUND?", "Order 17, paid in March");
    parcel = await talk("My parcel of March is lost");
  });

  it.each([
    ["refund", () => [refund]],
    ["march", () => [parcel, refund]],
    ["march refund", () => []],
    ["march -parcel", () => [refund]],
    ['"is my refund"', () => [refund]],
    ['"my is refund"', () => []],
    ["refund or lost", () => [parcel, refund]],
    ["ref", () => []],
    ["!?", () => []],
    ["'); DROP TABLE sessions; --", () => []],
  ])("q=%s", async (q, expected) => {
    expect(await ids({ q })).toEqual(expected());
    expect((await search({ q })).meta.total).toBe(expected().length);
  });

  it("works with other filters and pages", async () => {
    expect(await ids({ q: "march", status: "completed" })).toEqual([]);
    expect(await ids({ q: "march", metadata_filter: '{"a":1}' })).toEqual([]);
    const first = await search({ q: "march", limit: "1" });
    expect(first).toMatchObject({ data: [{ id: parcel }], meta: { total: 2 } });
    expect(await ids({ q: "march", limit: "1", cursor: first.meta.next_cursor })).toEqual([refund]);
  });

  it("finds the same sessions when there are too many matches to collect", async () => {
    const many = await talk("Everybody says plenitude");
    await pool.query(
      `INSERT INTO messages (id, session_id, seq, turn_seq, role, origin, content)
       SELECT 'filler' || n, $1, 1000 + n, 1000 + n, 'user', 'user', 'plenitude' FROM generate_series(1, 30000) n`,
      [many],
    );
    await pool.query("ANALYZE messages");
    expect(await ids({ q: "plenitude" })).toEqual([many]);
    await app.api("DELETE", `/chat/sessions/${many}`);
    await pool.query("ANALYZE messages");
  });

  it("stores a text with more different words than a search vector can hold", async () => {
    const words = Array.from({ length: 20_000 }, (_, n) => `w${n.toString(36)}`).join(" ");
    const long = await talk(words.slice(0, 99_000));
    expect(await ids({ q: "w1kw" })).toEqual([long]);
  });
});

describe("a session in the list", () => {
  it("shows its user and the shortened last message", async () => {
    const id = await talk("Hello", "x".repeat(300));
    const { data } = await search({ q: "hello" });
    expect(data).toEqual([
      expect.objectContaining({
        id,
        user: expect.objectContaining({ identifier: "user of Hello", name: "Ada" }),
        last_message: expect.objectContaining({
          role: "assistant",
          content: `You said: ${"x".repeat(300)}`.slice(0, 200),
        }),
      }),
    ]);
  });

  it("has no user and no text before the first message", async () => {
    const { body } = await app.api("POST", "/chat/sessions", {
      agent_id: "echo",
      metadata: { silent: true },
    });
    const { data } = await search({ metadata_filter: '{"silent":true}' });
    expect(data).toEqual([expect.objectContaining({ id: body.id, last_message: null })]);
  });

  it("can be found by the time of its last change", async () => {
    const early = await talk("early bird");
    const { body } = await app.api("GET", `/chat/sessions/${early}`);
    const after = new Date(Date.parse(body.updated_at) + 1).toISOString();
    const late = await talk("late bird");
    expect(await ids({ q: "bird", since: after })).toEqual([late]);
    expect(await ids({ q: "bird", until: after })).toEqual([early]);
    expect(await ids({ q: "bird", since: body.updated_at, until: after })).toEqual([early]);
    const answer = await app.api("GET", "/chat/sessions?since=yesterday");
    expect([answer.status, answer.body.error.code]).toEqual([400, "invalid_query"]);
  });
});

describe("sessions in trouble", () => {
  it("have a failed turn, a failed delivery, or a delivery that an operator must check", async () => {
    const [good, turn, delivery, waiting] = [
      await talk("trouble none"),
      await talk("trouble turn"),
      await talk("trouble delivery"),
      await talk("trouble waiting"),
    ];
    const fail = async (id: string, status: string, next: string | null) =>
      pool.query(
        `INSERT INTO deliveries (id, workspace_id, channel_id, session_id, message_id, address, content, status, next_attempt_at)
         SELECT left(s.id, 20) || $2, s.workspace_id, s.channel_id, s.id, m.id, 'a', 'b', $2, $3
         FROM sessions s JOIN messages m ON m.session_id = s.id WHERE s.id = $1 LIMIT 1`,
        [id, status, next],
      );
    await pool.query("UPDATE executions SET status = 'failed' WHERE session_id = $1", [turn]);
    await fail(delivery, "failed", null);
    await fail(waiting, "unknown", null);
    await fail(good, "unknown", new Date(Date.now() + 60_000).toISOString());
    expect(await ids({ q: "trouble", trouble: "true" })).toEqual([waiting, delivery, turn]);
    expect(await ids({ trouble: "true" })).toEqual([waiting, delivery, turn]);
    expect(await ids({ q: "trouble", trouble: "false" })).toEqual([good]);
    expect((await app.api("GET", "/chat/sessions?trouble=yes")).status).toBe(400);
  });
});
