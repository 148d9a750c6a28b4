import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import pg from "pg";
import { expect, inject, test } from "vitest";
import { migrate } from "../../src/cli/migrate.ts";
import { startTestApp } from "../support/app.ts";
import { createTestDatabase } from "../support/postgres.ts";

const ROLES = new URL("../../deploy/database-roles.sql", import.meta.url);

/**
 * An empty database with the roles of the documentation. Roles belong to the server, so each test uses unique names.
 */
async function databaseWithRoles() {
  const database = await createTestDatabase({ empty: true });
  const suffix = randomBytes(6).toString("hex");
  const password = randomBytes(12).toString("hex");
  const roles = { owner: `causeway_owner_${suffix}`, app: `causeway_app_${suffix}` };
  const sql = (await readFile(ROLES, "utf8"))
    .replaceAll("causeway_owner", roles.owner)
    .replaceAll("causeway_app", roles.app);
  const admin = new pg.Client(database.url);
  await admin.connect();
  await admin.query(sql);
  for (const role of Object.values(roles)) await admin.query(`ALTER ROLE ${role} PASSWORD '${password}'`);
  const urlFor = (role: string) => {
    const url = new URL(database.url);
    url.username = role;
    url.password = password;
    return url.href;
  };
  return {
    database,
    admin,
    ownerUrl: urlFor(roles.owner),
    appUrl: urlFor(roles.app),
    app: roles.app,
    async [Symbol.asyncDispose]() {
      await admin.query(`DROP OWNED BY ${roles.owner}, ${roles.app}`).catch(() => undefined);
      await admin.end();
      await database.drop();
      const server = new pg.Client(inject("postgresUrl"));
      await server.connect();
      for (const role of Object.values(roles)) await server.query(`DROP ROLE IF EXISTS ${role}`);
      await server.end();
    },
  };
}

async function runMigrate(databaseUrl: string, redisUrl: string | null) {
  const lines: string[] = [];
  const env = { DATABASE_URL: databaseUrl, ...(redisUrl === null ? {} : { REDIS_URL: redisUrl }) };
  const done = await migrate({ env, print: (line) => lines.push(line) });
  return { done, text: lines.join("\n") };
}

test("the service works with a role that can only read and write rows, within its connection limit", async () => {
  await using roles = await databaseWithRoles();
  const redisUrl = process.env["CAUSEWAY_TEST_QUEUE"] === "redis" ? inject("redisUrl") : null;
  const refused = await runMigrate(roles.appUrl, redisUrl);
  expect(refused.done).toBe(false);
  expect(refused.text).toMatch(/permission denied/);
  expect((await runMigrate(roles.ownerUrl, redisUrl)).text).toMatch(/Applied: 20261120000000_init/);
  expect((await runMigrate(roles.ownerUrl, redisUrl)).text).toBe("The tables are up to date.");

  const database = { ...roles.database, url: roles.appUrl };
  await using app = await startTestApp({ database });
  const { body: session } = await app.api("POST", "/chat/sessions", {
    agent_id: "echo",
    user: { identifier: "ada" },
  });
  const answer = await app.api("POST", `/chat/sessions/${session.id}/messages`, { content: "hello" });
  expect(answer.body.content).toBe("You said: hello");
  expect((await app.api("DELETE", `/users/${session.user_id}`)).status).toBe(204);

  const client = new pg.Client(roles.appUrl);
  await client.connect();
  for (const forbidden of [
    "CREATE TABLE public.mine (id int)",
    "CREATE SCHEMA mine",
    "DROP TABLE messages",
    "ALTER TABLE messages ADD COLUMN mine int",
    "TRUNCATE messages",
    "CREATE FUNCTION public.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "SET ROLE postgres",
    "COPY messages TO PROGRAM 'cat'",
  ])
    await expect(client.query(forbidden), forbidden).rejects.toMatchObject({
      message: expect.stringMatching(/permission denied|must be owner|does not exist|syntax/),
    });
  await client.end();
  const { rows } = await roles.admin.query<{ count: number }>(
    "SELECT count(*)::int AS count FROM pg_stat_activity WHERE usename = $1",
    [roles.app],
  );
  // The limits that docs/security.md and the README promise for one process.
  expect(rows[0]?.count).toBeLessThanOrEqual(redisUrl === null ? 32 : 20);
});
