import { afterAll, beforeAll, expect, it } from "vitest";
import type { TestApp } from "../support/app.ts";
import { testPool } from "../support/postgres.ts";
import { startChatApp } from "./chat-app.ts";

const MANY = 12_000;

let app: TestApp;
beforeAll(async () => {
  app = await startChatApp();
  const { body } = await app.api("POST", "/chat/sessions", { agent_id: "echo", metadata: { rare: true } });
  const pool = testPool(app.database.url, 1);
  await pool.query(
    `INSERT INTO sessions (id, workspace_id, agent_id, agent_version, channel_id, single, metadata, created_at, updated_at)
     SELECT lpad(n::text, 27, '0'), s.workspace_id, s.agent_id, 1, s.channel_id, false,
       jsonb_build_object('common', true, 'n', n), s.created_at + n * interval '1 second', s.created_at + n * interval '1 second'
     FROM sessions s, generate_series(1, $2::int) n WHERE s.id = $1`,
    [body.id, MANY],
  );
  await pool.query("ANALYZE sessions");
  await pool.end();
});
afterAll(() => app[Symbol.asyncDispose]());

const list = async (query: Record<string, string>) =>
  (await app.api("GET", `/chat/sessions?${new URLSearchParams(query)}`)).body;

it("a filter with too many matches to sort still lists the newest of them", async () => {
  const filter = { metadata_filter: '{"common":true}', limit: "3" };
  const first = await list(filter);
  expect(first.data.map((session: { metadata: { n: number } }) => session.metadata.n)).toEqual([
    MANY,
    MANY - 1,
    MANY - 2,
  ]);
  const second = await list({ ...filter, cursor: first.meta.next_cursor });
  expect(second.data[0].metadata.n).toBe(MANY - 3);
});

it("a filter with few matches among many sessions is exact", async () => {
  const { data, meta } = await list({ metadata_filter: '{"rare":true}' });
  expect([data.length, meta.total]).toEqual([1, 1]);
  expect((await list({ metadata_filter: '{"n":77}' })).data).toMatchObject([{ metadata: { n: 77 } }]);
});

it("a total above ten thousand is an estimate that is never too low", async () => {
  const { meta } = await list({ limit: "1" });
  expect(meta.total).toBeGreaterThan(10_000);
  expect(Math.abs(meta.total - (MANY + 1))).toBeLessThan(MANY / 10);
});
