// The cost of pending timeouts: the same few queries with none, a thousand and a million of them. The service runs the
// look query every half second. It runs the wind query when a user writes in a session with a timeout rule. It runs the
// fire query when a timeout is due.
// Usage, after a build: node test/bench/timeouts.mjs [how many, separated by commas]
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";

const built = new URL("../../dist/", import.meta.url);
const { startEmbeddedPostgres } = await import(new URL("storage/embedded/embedded-postgres.js", built));
const { applyMigrations } = await import(new URL("storage/migrate.js", built));
const { createTimerRepository } = await import(new URL("events/timer-repository.js", built));

const counts = (process.argv[2] ?? "0,1000,100000,1000000").split(",").map(Number);
const ROUNDS = 300;
const FIRED = 1_000;
const silent = { child: () => silent, debug() {}, info() {}, warn() {}, error() {} };
const RULES = [{ on: "timeout", after: "1h", times: 3, from: "last_message", do: [{ action: "log" }] }];

const dataDir = await mkdtemp(join(tmpdir(), "causeway-timeouts-"));
await chmod(dataDir, 0o711);
const server = await startEmbeddedPostgres({ dataDir, log: silent });
const pool = new pg.Pool({ connectionString: server.url });
try {
  await applyMigrations(pool, silent);
  await addAgent();
  const timers = createTimerRepository(pool);
  const rows = [];
  let pending = 0;
  for (const count of counts) {
    await addPending(pending, count);
    pending = count;
    const look = await measure(ROUNDS, async () => {
      await timers.ahead(500);
    });
    await addSession("writer");
    const wind = await measure(ROUNDS, write);
    const fire = await fireSome(timers);
    rows.push({
      "pending timeouts": count,
      "look, ms (p50 / p99)": pair(look),
      "wind with a message, ms (p50 / p99)": pair(wind),
      [`fire, ms each (of ${FIRED})`]: fire.toFixed(2),
      "table and index, MB": await size(),
    });
    await pool.query("DELETE FROM sessions WHERE id LIKE 'writer%' OR id LIKE 'due%'");
  }
  const columns = Object.keys(rows[0] ?? {});
  const lines = [columns, columns.map(() => "---:"), ...rows.map((row) => Object.values(row))];
  process.stdout.write(`${lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n")}\n`);
} finally {
  await pool.end();
  await server.stop();
  await rm(dataDir, { recursive: true, force: true });
}

async function addAgent() {
  await pool.query("INSERT INTO workspaces (id, slug) VALUES ('w', 'w')");
  await pool.query("INSERT INTO agents (id, workspace_id, slug, current_version) VALUES ('a', 'w', 'a', 1)");
  await pool.query(
    "INSERT INTO agent_versions (agent_id, number, definition, digest) VALUES ('a', 1, $1, 'd')",
    [JSON.stringify({ versioning: "pinned", events: RULES })],
  );
  await pool.query("INSERT INTO channels (id, workspace_id, name, kind) VALUES ('c', 'w', 'c', 'api')");
}

/** Inserts in bulk without the triggers, which would create the same rows one by one. */
async function addPending(from, to) {
  const client = await pool.connect();
  await client.query("SET session_replication_role = replica");
  await client.query(
    `INSERT INTO sessions (id, workspace_id, agent_id, agent_version, channel_id, single, watched, next_seq)
     SELECT 's' || n, 'w', 'a', 1, 'c', false, true, 2 FROM generate_series($1::int + 1, $2::int) n`,
    [from, to],
  );
  await client.query(
    `INSERT INTO event_timers (session_id, rule, agent_version, every_ms, times, armed_seq, due_at)
     SELECT 's' || n, 0, 1, 3600000, 3, 1, now() + interval '1 hour' + n * interval '10 milliseconds'
     FROM generate_series($1::int + 1, $2::int) n`,
    [from, to],
  );
  await client.query("RESET session_replication_role");
  await client.query("VACUUM ANALYZE sessions, event_timers");
  client.release();
}

async function addSession(id) {
  await pool.query(
    "INSERT INTO sessions (id, workspace_id, agent_id, agent_version, channel_id, single) VALUES ($1, 'w', 'a', 1, 'c', false)",
    [id],
  );
}

/** A user message as the service stores it. The trigger sets the timer in the same transaction. */
async function write(round) {
  await pool.query(
    `WITH lane AS (UPDATE sessions SET next_seq = next_seq + 1 WHERE id = 'writer' RETURNING next_seq - 1 AS seq)
     INSERT INTO messages (id, session_id, seq, turn_seq, role, origin, content)
     SELECT 'm' || $1 || '-' || seq, 'writer', seq, seq, 'user', 'user', 'hello' FROM lane`,
    [round],
  );
}

async function fireSome(timers) {
  await pool.query(
    `INSERT INTO sessions (id, workspace_id, agent_id, agent_version, channel_id, single)
     SELECT 'due' || n, 'w', 'a', 1, 'c', false FROM generate_series(1, $1::int) n`,
    [FIRED],
  );
  await pool.query(
    `INSERT INTO event_timers (session_id, rule, agent_version, every_ms, times, armed_seq, due_at)
     SELECT 'due' || n, 0, 1, 3600000, 1, 1, now() FROM generate_series(1, $1::int) n`,
    [FIRED],
  );
  const before = performance.now();
  while ((await timers.fireDue(100)) > 0);
  const each = (performance.now() - before) / FIRED;
  const { rows } = await pool.query(
    "SELECT count(*)::int AS fired FROM event_log WHERE session_id LIKE 'due%'",
  );
  if (rows[0].fired !== FIRED) throw new Error(`${rows[0].fired} of ${FIRED} timeouts fired`);
  return each;
}

async function measure(rounds, work) {
  const times = [];
  for (let round = 0; round < rounds; round += 1) {
    const before = performance.now();
    await work(round);
    times.push(performance.now() - before);
  }
  return times.sort((left, right) => left - right);
}

function pair(times) {
  const at = (share) => times[Math.floor((times.length - 1) * share)].toFixed(2);
  return `${at(0.5)} / ${at(0.99)}`;
}

async function size() {
  const { rows } = await pool.query("SELECT pg_total_relation_size('event_timers') / 1048576 AS mb");
  return Number(rows[0].mb);
}
