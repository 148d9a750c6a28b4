import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";

/** Tables that a message passes through. */
const TABLES = ["sessions", "executions", "deliveries", "messages"];

/** An idle connection reports its counts after ten seconds at the latest. */
const REPORT_MS = 11_000;

const READ = `
  SELECT (SELECT pg_current_wal_lsn() - '0/0'::pg_lsn)::float8 AS "walBytes",
    (SELECT sum(xact_commit) FROM pg_stat_database WHERE datname = current_database())::float8 AS transactions,
    (SELECT sum(fsyncs) FROM pg_stat_io WHERE object = 'wal')::float8 AS syncs,
    (SELECT json_object_agg(relname, json_build_object('updates', n_tup_upd, 'hot', n_tup_hot_upd))
     FROM pg_stat_user_tables WHERE schemaname = current_schema() AND relname = ANY($1)) AS tables`;

/**
 * Counts what the database does from now on, in numbers that do not depend on how busy the machine is. The position of
 * the log is read at once; the rest once every connection has reported.
 */
export async function watchDatabase(url) {
  await delay(REPORT_MS);
  const before = await read(url);
  return {
    /** The work since then, for each message. */
    async perMessage(messages) {
      const walBytes = (await read(url)).walBytes - before.walBytes;
      await delay(REPORT_MS);
      const after = await read(url);
      const perOne = (name) => (after[name] - before[name]) / messages;
      return {
        walBytes: walBytes / messages,
        transactions: perOne("transactions"),
        syncs: perOne("syncs"),
        updates: Object.fromEntries(
          TABLES.map((table) => {
            const updates = after.tables[table].updates - before.tables[table].updates;
            const hot = after.tables[table].hot - before.tables[table].hot;
            return [
              table,
              { perMessage: updates / messages, hotShare: updates === 0 ? null : hot / updates },
            ];
          }),
        ),
      };
    },
  };
}

async function read(url) {
  const client = new pg.Client(url);
  await client.connect();
  try {
    const { rows } = await client.query(READ, [TABLES]);
    return rows[0];
  } finally {
    await client.end();
  }
}
