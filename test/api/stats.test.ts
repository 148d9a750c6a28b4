import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Causeway } from "../../src/client/index.ts";
import { newId } from "../../src/core/ids.ts";
import { createQueueRepository } from "../../src/stats/queue-repository.ts";
import { createStatsRepository } from "../../src/stats/stats-repository.ts";
import { startTestApp, type TestApp } from "../support/app.ts";
import { eventually } from "../support/eventually.ts";
import { addConversation } from "./api-rows.ts";

let app: TestApp;
let pool: pg.Pool;
beforeAll(async () => {
  app = await startTestApp();
  pool = new pg.Pool({ connectionString: app.database.url });
  pool.on("error", () => undefined);
});
afterAll(async () => {
  await pool.end();
  await app[Symbol.asyncDispose]();
});

const stats = async (query: string) => (await app.api("GET", `/stats?${query}`)).body;

/** Turns as the metrics of the process count them. */
async function turnsInMetrics(): Promise<number> {
  const text = await (await fetch(`${app.url}/metrics`)).text();
  const lines = [...text.matchAll(/^causeway_turns_total\{.*\} (\d+)$/gm)];
  return lines.reduce((sum, [, value]) => sum + Number(value), 0);
}

/** Turns of a conversation that begin at this time, each with its milliseconds. */
async function addTurns(
  at: string,
  turns: { ms: number; status?: string; tokens?: number }[],
  workspace = "default",
): Promise<void> {
  const { rows } = await pool.query("SELECT id FROM workspaces WHERE slug = $1", [workspace]);
  const { sessionId } = await addConversation(pool, { id: rows[0].id, slug: workspace });
  await pool.query("UPDATE messages SET created_at = $2 WHERE session_id = $1", [sessionId, at]);
  await pool.query("UPDATE deliveries SET created_at = $2, status = 'failed' WHERE session_id = $1", [
    sessionId,
    at,
  ]);
  for (const { ms, status = "completed", tokens = 0 } of turns)
    await pool.query(
      `INSERT INTO executions (id, workspace_id, session_id, seq, status, created_at, started_at, ended_at,
         prompt_tokens, completion_tokens, total_tokens)
       VALUES ($1, $2, $3, 1, $4, $5, $5, $5::timestamptz + $6::int * interval '1 millisecond', $7, $7, 2 * $7::int)`,
      [newId(), rows[0].id, sessionId, status, at, ms, tokens],
    );
}

describe("the statistics of a workspace", () => {
  it("match the metrics, for each channel and agent", async () => {
    const { body: session } = await app.api("POST", "/chat/sessions", { agent_id: "echo" });
    for (const content of ["one", "two"])
      await app.api("POST", `/chat/sessions/${session.id}/messages`, { content });
    const { data, interval, time_zone } = await stats("interval=hour");
    expect([interval, time_zone]).toEqual(["hour", "UTC"]);
    expect(data).toMatchObject([
      {
        channel: "api",
        agent: "echo",
        agent_id: session.agent_id,
        messages: { in: 2, out: 2 },
        failures: 0,
        latency_ms: { p50: expect.any(Number), p95: expect.any(Number) },
      },
    ]);
    await eventually(async () => expect(await turnsInMetrics()).toBe(data[0].turns));
    expect(Date.parse(data[0].start) % 3_600_000).toBe(0);
  });

  it("show failures, latency and tokens by hour and by day, in the requested time zone", async () => {
    await addTurns("2026-03-02T22:30:00Z", [
      { ms: 100, tokens: 10 },
      { ms: 300, tokens: 5 },
      { ms: 500, status: "failed" },
      { ms: 20, status: "cancelled" },
    ]);
    await addTurns("2026-03-02T23:30:00Z", [{ ms: 40 }]);
    const span = "since=2026-03-01T00:00:00Z&until=2026-03-04T00:00:00Z&channel=telegram";
    const hours = await stats(`${span}&interval=hour&group_by=none`);
    expect(hours.data).toMatchObject([
      {
        start: "2026-03-02T22:00:00.000Z",
        channel: null,
        agent: null,
        messages: { in: 1, out: 1 },
        turns: 4,
        failures: 1,
        cancelled: 1,
        latency_ms: { p50: 200, p95: 470 },
        tokens: { prompt: 15, completion: 15, total: 30 },
        deliveries: { total: 1, failed: 1 },
      },
      { start: "2026-03-02T23:00:00.000Z", turns: 1, latency_ms: { p50: 40, p95: 40 } },
    ]);
    expect((await stats(`${span}&group_by=agent`)).data).toMatchObject([
      { start: "2026-03-02T00:00:00.000Z", channel: null, agent: "coach", turns: 5 },
    ]);
    const berlin = await stats(`${span}&group_by=channel&time_zone=Europe/Berlin`);
    expect(berlin.data).toMatchObject([
      { start: "2026-03-01T23:00:00.000Z", channel: "telegram", turns: 4 },
      { start: "2026-03-02T23:00:00.000Z", channel: "telegram", turns: 1 },
    ]);
    expect((await stats(`${span}&agent_id=echo`)).data).toEqual([]);
    const client = new Causeway({ apiKey: app.apiKey, baseUrl: app.url });
    const read = await client.stats({
      since: "2026-03-01T00:00:00Z",
      until: "2026-03-04T00:00:00Z",
      groupBy: "none",
    });
    expect(read.data).toMatchObject([{ turns: 5, latencyMs: { p50: 100 }, tokens: { total: 30 } }]);
  });

  it("are refused for a range that is too long or empty, and for unknown names", async () => {
    const code = async (query: string) => (await app.api("GET", `/stats?${query}`)).body.error.code;
    expect(await code("interval=hour&since=2026-01-01T00:00:00Z&until=2026-03-01T00:00:00Z")).toBe(
      "span_too_long",
    );
    expect(await code("since=2026-03-02T00:00:00Z&until=2026-03-01T00:00:00Z")).toBe("span_too_long");
    expect(await code("time_zone=Mars/Base")).toBe("invalid_query");
    expect(await code("time_zone=%2B01:00")).toBe("invalid_query");
    expect(await code("agent_id=nobody")).toBe("agent_not_found");
  });

  it("stop with an error if counting takes too long", async () => {
    const slow = new pg.Pool({ connectionString: app.database.url });
    const blocker = await pool.connect();
    try {
      await blocker.query("BEGIN; LOCK TABLE executions IN ACCESS EXCLUSIVE MODE");
      const asked = {
        interval: "day" as const,
        since: new Date(0),
        until: new Date(),
        timezone: "UTC",
        byChannel: false,
        byAgent: false,
        channel: null,
        agentId: null,
      };
      expect(await createStatsRepository(slow, 100).read("w", asked)).toBe(null);
    } finally {
      await blocker.query("ROLLBACK");
      blocker.release();
      await slow.end();
    }
  });
});

it("the queue shows the turns of the last minute, including one that waited an hour", async () => {
  await pool.query("INSERT INTO workspaces (id, slug) VALUES ('behind', 'behind')");
  const anHourAgo = new Date(Date.now() - 3_600_000).toISOString();
  const answers = [{ ms: 3_600_000 }, { ms: 100 }, { ms: 3_600_000, status: "failed" }];
  await addTurns(anHourAgo, answers, "behind");
  await pool.query("UPDATE sessions SET answered_seq = 1 WHERE workspace_id = 'behind'");
  expect((await createQueueRepository(pool).read("behind")).lastMinute).toEqual({ turns: 1, sent: 0 });
});
