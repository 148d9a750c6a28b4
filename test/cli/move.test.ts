import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { copyDatabase } from "../../src/storage/copy-database.ts";
import { addConversation } from "../api/api-rows.ts";
import { openApiWorld } from "../api/api-server.ts";
import { createTestDatabase, testPool } from "../support/postgres.ts";
import { serviceDirectory, startProcess } from "../support/process.ts";
import { quietLog } from "../support/quiet-log.ts";
import { serviceProgram } from "../support/service-program.ts";

const config = {
  agents: { echo: { bot: { type: "echo" } } },
  channels: { api: { kind: "api", agent: "echo" } },
};
const KEY = "cw_operator_key_of_this_test_0123";

async function call(url: string, method: string, path: string, body?: unknown) {
  const response = await fetch(`${url}/api/v1${path}`, {
    method,
    headers: { "X-API-Key": KEY, "Content-Type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return (await response.json()) as { id: string; content: string; data: { content: string }[] };
}

/** Runs the command. Returns its exit code and output. */
async function move(cwd: string, to: string) {
  const run = promisify(execFile)(process.execPath, [serviceProgram("cli"), "move", "--to", to], {
    cwd,
    env: { PATH: process.env.PATH },
  });
  return await run.then(
    ({ stdout }) => ({ code: 0, output: stdout }),
    ({ code, stdout }: { code: number; stdout: string }) => ({ code, output: stdout }),
  );
}

it("moves an embedded database to a server, where the conversation continues", async () => {
  await using directory = await serviceDirectory(config);
  await using target = await createTestDatabase({ empty: true });
  const env = { CAUSEWAY_API_KEY: KEY };
  expect(await move(directory.path, target.url)).toMatchObject({
    code: 1,
    output: expect.stringContaining("There is no embedded database"),
  });
  await directory.givePostgres();
  let session = "";
  {
    await using service = await startProcess({ directory, env });
    session = (await call(service.url, "POST", "/chat/sessions", { agent_id: "echo" })).id;
    await call(service.url, "POST", `/chat/sessions/${session}/messages`, { content: "before" });
    const early = await move(directory.path, target.url);
    expect(early).toMatchObject({
      code: 1,
      output: expect.stringContaining("If the service runs, stop it first."),
    });
    expect(await service.stop()).toBe(0);
  }
  const nowhere = await move(directory.path, "postgres://owner:hidden-password@127.0.0.1:1/nowhere");
  expect(nowhere).toMatchObject({ code: 1, output: expect.stringContaining("Nothing was copied.") });
  expect(nowhere.output).not.toContain("hidden-password");
  const moved = await move(directory.path, target.url);
  expect(moved.output).toContain("messages: 2");
  expect(moved.code).toBe(0);
  const again = await move(directory.path, target.url);
  expect(again).toMatchObject({ code: 1, output: expect.stringContaining("has rows already") });

  await using service = await startProcess({ directory, env: { ...env, DATABASE_URL: target.url } });
  expect(service.output()).toContain("the embedded database is not used");
  const reply = await call(service.url, "POST", `/chat/sessions/${session}/messages`, { content: "after" });
  expect(reply.content).toBe("You said: after");
  const { data } = await call(service.url, "GET", `/chat/sessions/${session}/messages`);
  expect(data.map(({ content }) => content)).toEqual([
    "before",
    "You said: before",
    "after",
    "You said: after",
  ]);
  expect(await service.stop()).toBe(0);
});

it("copies values of every kind unchanged, and uses no sequence number twice", async () => {
  await using world = await openApiWorld();
  await using target = await createTestDatabase();
  const { pool } = world;
  const home = { id: world.workspaceId, slug: "default" };
  for (let n = 0; n < 3; n++) await addConversation(pool, home);
  const { sessionId, channelId } = await addConversation(pool, home);
  await pool.query(
    "UPDATE deliveries SET ordinal = 9007199254740993, external_ids = '{a,\"b,c\"}' WHERE session_id = $1",
    [sessionId],
  );
  await pool.query("INSERT INTO channel_values (channel_id, key, value) VALUES ($1, 'bytes', '\\x00ff10')", [
    channelId,
  ]);
  await pool.query(`UPDATE sessions SET metadata = '{"n": 1.50, "text": "\\u00fc \\" $1"}' WHERE id = $1`, [
    sessionId,
  ]);
  await pool.query(
    `INSERT INTO messages (id, session_id, seq, turn_seq, role, origin, content)
     SELECT 'm' || n, $1, 100 + n, 100 + n, 'user', 'user', 'word ' || n FROM generate_series(1, 1200) n`,
    [sessionId],
  );
  const source = await pool.query("SELECT current_database() AS name");
  const from = target.url.replace(target.name, source.rows[0].name);
  const result = await copyDatabase({ from, to: target.url, log: quietLog() });
  expect("copied" in result && result.copied.get("messages")).toBe(1208);

  const copy = testPool(target.url, 1);
  try {
    for (const table of [
      "workspaces",
      "agents",
      "agent_versions",
      "users",
      "sessions",
      "messages",
      "deliveries",
      "channel_values",
    ]) {
      const all = `SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) AS hash FROM ${table} t`;
      expect((await copy.query(all)).rows, table).toEqual((await pool.query(all)).rows);
    }
    const next = "SELECT nextval('deliveries_ordinal_seq') AS next";
    expect((await copy.query(next)).rows).toEqual((await pool.query(next)).rows);
    expect(await copyDatabase({ from, to: target.url, log: quietLog() })).toMatchObject({
      occupied: expect.arrayContaining(["messages"]),
    });
  } finally {
    await copy.end();
  }
});
