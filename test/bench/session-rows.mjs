/** Rows like those of years of use. They are written by SQL, because the API would take hours. */

const TENANTS = 10_000;
const BATCH = 50_000;

/** The id of seeded session number `n`. */
export function sessionId(n) {
  return `bench${String(n).padStart(22, "0")}`;
}

/**
 * Adds sessions number `from` to `to`, each a minute younger than the one before it. Every five sessions share a user,
 * and each has one question and one answer.
 */
export async function addSessions(pool, of, from, to) {
  for (let first = from; first <= to; first += BATCH) {
    await addBatch(pool, of, first, Math.min(first + BATCH - 1, to));
  }
  // The state that autovacuum would produce.
  await pool.query("VACUUM (ANALYZE) sessions, messages, executions, users");
}

async function addBatch(pool, of, from, to) {
  const client = await pool.connect();
  try {
    await client.query("BEGIN");
    // Foreign keys and triggers are not needed, because these rows are valid.
    await client.query("SET LOCAL session_replication_role = replica");
    const padded = (name, number = "n") => `'${name}' || lpad((${number})::text, ${27 - name.length}, '0')`;
    const at = "now() - (2000000 - n) * interval '1 minute'";
    await client.query(
      `INSERT INTO users (id, workspace_id, channel_id, identifier)
       SELECT DISTINCT ${padded("user", "n / 5")}, $1, $2, 'person-' || n / 5 FROM generate_series($3::int, $4::int) n
       ON CONFLICT DO NOTHING`,
      [of.workspaceId, of.channelId, from, to],
    );
    await client.query(
      `INSERT INTO sessions (id, workspace_id, agent_id, agent_version, channel_id, user_id, single, status, end_reason,
         title, metadata, created_at, updated_at, last_activity_at, next_seq, inbound_seq, answered_seq)
       SELECT ${padded("bench")}, $1, $2, 1, $3, ${padded("user", "n / 5")}, false,
         CASE WHEN n % 4 = 0 THEN 'active' ELSE 'completed' END, CASE WHEN n % 4 <> 0 THEN 'api' END, 'Session ' || n,
         jsonb_build_object('db_uuid', n::text, 'tenant', 'tenant-' || n % $4::int,
           'plan', CASE WHEN n % 3 = 0 THEN 'paid' ELSE 'free' END),
         ${at}, ${at}, ${at}, 3, 1, 1
       FROM generate_series($5::int, $6::int) n`,
      [of.workspaceId, of.agentId, of.channelId, TENANTS, from, to],
    );
    await client.query(
      `INSERT INTO messages (id, session_id, seq, turn_seq, role, origin, content, execution_id, created_at)
       SELECT 'm' || seq || lpad(n::text, 25, '0'), ${padded("bench")}, seq, 1, role, origin,
         'Something that was said once.', ${padded("turn")}, ${at}
       FROM generate_series($1::int, $2::int) n
       CROSS JOIN (VALUES (1, 'user', 'user'), (2, 'assistant', 'bot')) AS said(seq, role, origin)`,
      [from, to],
    );
    await client.query(
      `INSERT INTO executions (id, workspace_id, session_id, user_message_id, seq, status, attempts, created_at)
       SELECT ${padded("turn")}, $1, ${padded("bench")}, 'm1' || lpad(n::text, 25, '0'), 1, 'completed', 1, ${at}
       FROM generate_series($2::int, $3::int) n`,
      [of.workspaceId, from, to],
    );
    await client.query("COMMIT");
  } finally {
    client.release();
  }
}

/** Fills a session to the given length, with questions and answers in turns. */
export async function lengthen(pool, session, length) {
  await pool.query(
    `INSERT INTO messages (id, session_id, seq, turn_seq, role, origin, content)
     SELECT 'long' || left(md5($1 || n), 23), $1, n, (n + 1) / 2 * 2 - 1, CASE n % 2 WHEN 1 THEN 'user' ELSE 'assistant' END,
       CASE n % 2 WHEN 1 THEN 'user' ELSE 'bot' END,
       'Message number ' || n || ' of a conversation that has been going on for quite some time now.'
     FROM generate_series(1, $2::int) n`,
    [session, length],
  );
  await pool.query(
    "UPDATE sessions SET next_seq = $2::int + 1, inbound_seq = $2 - 1, answered_seq = $2 - 1 WHERE id = $1",
    [session, length],
  );
}
