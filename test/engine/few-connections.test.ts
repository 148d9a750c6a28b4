import { expect, it } from "vitest";
import { startTestApp } from "../support/app.ts";
import { testPool } from "../support/postgres.ts";

/** The connection for jobs and notices, which only listens. */
const LISTENING = 1;

it("the service answers many sessions at once with the few connections it may open", async () => {
  await using app = await startTestApp({ queue: "postgres", env: { CAUSEWAY_DATABASE_CONNECTIONS: "4" } });
  const pool = testPool(app.database.url, 1);
  try {
    const sessions = await Promise.all(
      Array.from({ length: 30 }, () => app.api("POST", "/chat/sessions", { agent_id: "echo" })),
    );
    const answers = await Promise.all(
      sessions.map(({ body }) => app.api("POST", `/chat/sessions/${body.id}/messages`, { content: "hi" })),
    );
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 201));
    const { rows } = await pool.query<{ open: number }>(
      `SELECT count(*)::int AS open FROM pg_stat_activity
       WHERE datname = current_database() AND pid <> pg_backend_pid()`,
    );
    // Four for statements of the service, two for those of the queue.
    expect(rows[0]?.open).toBeLessThanOrEqual(4 + 2 + LISTENING);
  } finally {
    await pool.end();
  }
});
