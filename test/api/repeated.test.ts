import type pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TestApp } from "../support/app.ts";
import { testPool } from "../support/postgres.ts";
import { startChatApp } from "./chat-app.ts";

let app: TestApp;
let pool: pg.Pool;
beforeAll(async () => {
  app = await startChatApp();
  pool = testPool(app.database.url, 1);
});
afterAll(async () => {
  await pool.end();
  await app[Symbol.asyncDispose]();
});

/**
 * Sends a request and deletes its recorded answer, as if the process had died before storing it. Then it sends the
 * request again.
 */
async function twiceAcrossACrash(path: string, body: unknown) {
  const key = { "idempotency-key": `crash ${path}` };
  const first = await app.api("POST", path, body, key);
  const { rowCount } = await pool.query(
    `UPDATE idempotency_keys SET status = NULL, headers = NULL, body = NULL, claimed_by = NULL, claimed_until = NULL
     WHERE status IS NOT NULL AND created_at = (SELECT max(created_at) FROM idempotency_keys)`,
  );
  expect(rowCount).toBe(1);
  const second = await app.api("POST", path, body, key);
  expect(second.headers.get("idempotent-replayed")).toBeNull();
  return [first, second] as const;
}

const open = async (): Promise<string> =>
  (await app.api("POST", "/chat/sessions", { agent_id: "echo" })).body.id;
const messages = async (id: string) =>
  (await app.api("GET", `/chat/sessions/${id}/messages?include=instruction`)).body.data;

describe("a call repeated because its answer was lost in a crash", () => {
  it("opens no second session", async () => {
    const [first, second] = await twiceAcrossACrash("/chat/sessions", { agent_id: "echo", title: "Once" });
    expect([first.status, second.status, second.body]).toEqual([201, 201, first.body]);
  });

  it("sends no second message, and returns the same reply", async () => {
    const id = await open();
    const [first, second] = await twiceAcrossACrash(`/chat/sessions/${id}/messages`, { content: "Once" });
    expect([second.status, second.body]).toEqual([201, first.body]);
    expect(await messages(id)).toHaveLength(2);
  });

  it.each([
    ["nothing", {}, 0],
    ["a text", { text: "Welcome back." }, 1],
    ["a prompt", { prompt: "Greet Ada." }, 1],
  ])("resets once, also with %s as the first message", async (_name, body, said) => {
    const id = await open();
    const [first, second] = await twiceAcrossACrash(`/chat/sessions/${id}/reset`, body);
    expect([first.status, second.status, second.body.id]).toEqual([201, 201, first.body.id]);
    expect((await app.api("GET", `/chat/sessions/${id}`)).body.end_reason).toBe("api");
    const begun = (await messages(first.body.id)).filter(({ role }: { role: string }) => role !== "system");
    expect(begun.length).toBeLessThanOrEqual(said);
    const { rows } = await pool.query("SELECT next_id FROM sessions WHERE id = $1", [id]);
    expect(rows).toEqual([{ next_id: first.body.id }]);
  });

  it("finds the session completed if it is a second reset with its own key", async () => {
    const id = await open();
    await twiceAcrossACrash(`/chat/sessions/${id}/reset`, {});
    const other = await app.api("POST", `/chat/sessions/${id}/reset`, {});
    expect([other.status, other.body.error.code]).toEqual([409, "session_completed"]);
  });
});

describe("simultaneous calls", () => {
  /** The count of each status of twenty calls. */
  async function statusesOf(
    call: (n: number) => ReturnType<TestApp["api"]>,
  ): Promise<Record<number, number>> {
    const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => call(n)));
    const counts: Record<number, number> = {};
    for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1;
    return counts;
  }

  it("reset, end and delete a session once", async () => {
    const [reset, ended, deleted] = [await open(), await open(), await open()];
    expect(await statusesOf(() => app.api("POST", `/chat/sessions/${reset}/reset`, {}))).toEqual({
      201: 1,
      409: 19,
    });
    expect(await statusesOf(() => app.api("POST", `/chat/sessions/${ended}/end`, {}))).toEqual({
      200: 1,
      409: 19,
    });
    expect(await statusesOf(() => app.api("DELETE", `/chat/sessions/${deleted}`))).toEqual({
      204: 1,
      404: 19,
    });
  });

  it("open one session per external id, for one user", async () => {
    const user = { identifier: "at-once" };
    const body = { agent_id: "echo", external_id: "at-once", user };
    expect(await statusesOf(() => app.api("POST", "/chat/sessions", body))).toEqual({ 201: 1, 409: 19 });
    expect(
      await statusesOf((n) => app.api("POST", "/chat/sessions", { ...body, external_id: `${n}` })),
    ).toEqual({
      201: 20,
    });
    expect((await app.api("GET", "/users?identifier=at-once")).body.meta.total).toBe(1);
  });

  it("change participant data once if all send the same revision", async () => {
    const session = await app.api("POST", "/chat/sessions", {
      agent_id: "echo",
      user: { identifier: "bob" },
    });
    const path = `/users/${session.body.user_id}/data/echo`;
    const write = (n: number) => app.api("PUT", path, { n }, { "if-match": '"0"' });
    expect(await statusesOf(write)).toEqual({ 200: 1, 412: 19 });
  });
});
