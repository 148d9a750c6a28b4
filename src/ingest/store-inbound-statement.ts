import { SESSION_KEY_CONFLICT, sessionKey } from "../sessions/session-key.ts";

const COLUMNS = `n int, workspace_id text, channel_id text, agent_id text, agent_version int, session_id text,
  single boolean, external_id text, address text, user_identifier text, user_name text, profile jsonb,
  message_id text, role text, origin text, content text, payload text, choice text, metadata jsonb, execution_id text,
  title text, event_keys json, new_session_id text, new_user_id text, attachments json, uploaded_to text, uploads json,
  author jsonb, sent_at timestamptz, message_references jsonb, reply_reference text, album_key text, gather_ms int,
  opening_metadata jsonb, traceparent text`;

/** The name by which an early edit finds this message, see `originalOf`. */
const ORIGINAL = "coalesce(i.address || '/' || i.reply_reference, i.event_keys ->> -1)";

/** The number of new messages before the first command. While a person answers, the bot need not answer them. */
const BEFORE_COMMAND = (origins: string) =>
  `coalesce(array_position(${origins}, 'command') - 1, count(*))::int`;

/**
 * Takes a free lane at no extra cost, because its row is written anyway. A lane in use, or waiting for a retry, stays
 * unchanged. While a person answers, it has no work except a command.
 */
const CLAIM = (count: string, quiet: string) => {
  const free = `$2 AND (s.lease_expires_at IS NULL OR s.lease_expires_at <= now())
        AND CASE WHEN s.handoff_id IS NULL THEN true ELSE s.inbound_seq > s.answered_seq OR ${quiet} < ${count} END`;
  return `
      lease_owner = CASE WHEN ${free} THEN $3 ELSE s.lease_owner END,
      lease_token = CASE WHEN ${free} THEN s.lease_token + 1 ELSE s.lease_token END,
      lease_expires_at = CASE WHEN ${free}
        THEN now() + $4::int * interval '1 millisecond' ELSE s.lease_expires_at END`;
};

/**
 * Changes no indexed column, so that the row is updated in place (see sessions/follow-activity-repository.ts).
 * New messages take the next seqs. If nothing was waiting, everything before them counts as answered. While a person
 * answers, the new ones count as answered too.
 */
const APPEND = (count: string, quiet: string) => `
      next_seq = s.next_seq + ${count},
      inbound_seq = s.next_seq + ${count} - 1,
      answered_seq = CASE WHEN s.inbound_seq > s.answered_seq THEN s.answered_seq
        WHEN s.handoff_id IS NULL THEN s.next_seq - 1 ELSE s.next_seq - 1 + ${quiet} END,
      last_activity_at = now(), ${CLAIM(count, quiet)}`;

const LANE = `s.id, s.channel_id, s.agent_id, s.user_id, ${sessionKey("s")} AS key, s.next_seq, s.answered_seq,
      s.agent_version, s.lease_owner, s.lease_token, s.lease_expires_at, s.handoff_id, s.offer,
      s.metadata AS session_metadata`;

/**
 * One statement and one commit for any number of messages. It claims the event keys, finds or creates the users, and
 * finds or opens the sessions. It numbers and stores the messages with their pending executions, and takes the free
 * lanes.
 *
 * If the user's session was handed to another agent, messages go to that agent's session while it is open.
 *
 * Not Prisma: it is the service's most frequent statement. Under parallel webhooks it relies on `ON CONFLICT` against
 * the unique index of session keys. It locks sessions in the order of their ids or keys. A batch with both ids and keys
 * may meet another statement in a deadlock. Then it runs again.
 *
 * Several people can write in a thread at the same moment. It is one session, and its user is the first writer.
 *
 * Existing rows are looked up one by one, in subqueries. For joins, the planner uses its estimate of the number of
 * rows. On a young database it would then read all sessions for each message.
 *
 * Uploads are locked after their session. If two messages name the same upload, the first one gets it.
 *
 * While a person answers a session, its messages are stored without an execution.
 */
export const STORE_INBOUND = `
  WITH incoming AS MATERIALIZED (SELECT * FROM json_to_recordset($1) AS t(${COLUMNS})),
  target AS MATERIALIZED (
    SELECT s.id, s.status FROM sessions s
    WHERE s.id IN (SELECT session_id FROM incoming) ORDER BY s.id FOR UPDATE),
  uploaded AS MATERIALIZED (
    SELECT i.n, a.message_id IS NULL AND i.n = min(i.n) OVER (PARTITION BY a.id) AS free
    FROM incoming i JOIN target t ON t.id = i.session_id AND t.status = 'active'
    CROSS JOIN LATERAL json_array_elements_text(i.uploads) AS u(id)
    CROSS JOIN LATERAL (SELECT f.id, f.message_id FROM attachments f
      WHERE f.id = u.id AND f.session_id = i.uploaded_to FOR UPDATE) a),
  lacking AS MATERIALIZED (
    SELECT i.n FROM incoming i
    WHERE json_array_length(i.uploads) > (SELECT count(*) FROM uploaded u WHERE u.n = i.n AND u.free)),
  resolvable AS MATERIALIZED (
    SELECT i.* FROM incoming i WHERE i.session_id IS NULL
      OR EXISTS (SELECT 1 FROM target t WHERE t.id = i.session_id AND t.status = 'active')
        AND i.n NOT IN (SELECT l.n FROM lacking l)),
  claimed AS (
    INSERT INTO inbound_events (channel_id, event_key, message_id)
    SELECT r.channel_id, k.key, r.message_id FROM resolvable r
    CROSS JOIN LATERAL json_array_elements_text(r.event_keys) AS k(key) ORDER BY 1, 2, r.n
    ON CONFLICT DO NOTHING RETURNING message_id),
  fresh AS MATERIALIZED (
    SELECT r.* FROM resolvable r
    JOIN (SELECT message_id, count(*) AS keys FROM claimed GROUP BY message_id) c USING (message_id)
    WHERE c.keys = json_array_length(r.event_keys)),
  known AS MATERIALIZED (
    SELECT u.id, u.channel_id, u.identifier, h.agent_id, h.agent_version FROM users u
    LEFT JOIN LATERAL (SELECT s.agent_id, s.agent_version FROM sessions s
      WHERE u.handed_to IS NOT NULL AND s.channel_id = u.channel_id AND s.agent_id = u.handed_to
        AND ${sessionKey("s")} = u.id AND s.status = 'active' LIMIT 1) h ON true
    WHERE (u.channel_id, u.identifier) IN (SELECT channel_id, user_identifier FROM fresh WHERE session_id IS NULL)),
  renamed AS (
    UPDATE users u SET name = coalesce(f.user_name, u.name), updated_at = now(),
      profile = CASE WHEN f.user_name IS NULL THEN u.profile ELSE f.profile END,
      unreachable_since = NULL, unreachable_code = NULL, unreachable_reason = NULL
    FROM fresh f
    WHERE f.session_id IS NULL AND u.channel_id = f.channel_id AND u.identifier = f.user_identifier
      AND (u.unreachable_since IS NOT NULL OR f.user_name IS NOT NULL
        AND (u.name IS DISTINCT FROM f.user_name OR u.profile IS DISTINCT FROM f.profile))),
  joined AS (
    INSERT INTO users (id, workspace_id, channel_id, identifier, name, profile)
    SELECT DISTINCT ON (f.channel_id, f.user_identifier)
      f.new_user_id, f.workspace_id, f.channel_id, f.user_identifier, f.user_name, f.profile
    FROM fresh f WHERE f.session_id IS NULL AND NOT EXISTS (
      SELECT 1 FROM known k WHERE k.channel_id = f.channel_id AND k.identifier = f.user_identifier)
    ORDER BY f.channel_id, f.user_identifier, f.n
    ON CONFLICT (channel_id, identifier) DO UPDATE SET identifier = EXCLUDED.identifier
    RETURNING id, channel_id, identifier, NULL, NULL::int),
  people AS MATERIALIZED (SELECT * FROM known UNION ALL SELECT * FROM joined),
  keyed AS MATERIALIZED (
    SELECT f.*, p.id AS person_id, coalesce(p.agent_id, f.agent_id) AS agent,
      coalesce(p.agent_version, f.agent_version) AS version, CASE WHEN f.single THEN p.id ELSE f.external_id END AS key
    FROM fresh f LEFT JOIN people p ON p.channel_id = f.channel_id AND p.identifier = f.user_identifier),
  by_key AS MATERIALIZED (
    SELECT max((SELECT e.id FROM sessions e WHERE e.status = 'active' AND e.channel_id = k.channel_id
        AND e.agent_id = k.agent AND ${sessionKey("e")} = k.key)) AS existing_id,
      (array_agg(new_session_id ORDER BY n))[1] AS new_id, workspace_id, agent AS agent_id,
      min(version) AS agent_version, channel_id, key, (array_agg(person_id ORDER BY n))[1] AS user_id,
      single, min(external_id) AS external_id, (array_agg(address ORDER BY n))[1] AS address,
      (array_agg(title ORDER BY n))[1] AS title,
      (array_agg(opening_metadata ORDER BY opening_metadata IS NULL, n))[1] AS metadata,
      count(*)::int AS count, ${BEFORE_COMMAND("array_agg(origin ORDER BY n)")} AS quiet
    FROM keyed k WHERE session_id IS NULL GROUP BY workspace_id, agent, channel_id, key, single),
  opened AS (
    INSERT INTO sessions AS s (id, workspace_id, agent_id, agent_version, channel_id, user_id, single, external_id,
      address, title, metadata, next_seq, inbound_seq, lease_owner, lease_token, lease_expires_at)
    SELECT new_id, workspace_id, agent_id, agent_version, channel_id, user_id, single, external_id, address, title,
      coalesce(metadata, '{}'), 1 + count, count,
      CASE WHEN $2 THEN $3 END, CASE WHEN $2 THEN 1 ELSE 0 END,
      CASE WHEN $2 THEN now() + $4::int * interval '1 millisecond' END
    FROM by_key ORDER BY existing_id NULLS LAST, key
    ON CONFLICT ${SESSION_KEY_CONFLICT}
    DO UPDATE SET title = coalesce(s.title, EXCLUDED.title), address = EXCLUDED.address,
      metadata = CASE WHEN EXCLUDED.metadata = '{}' THEN s.metadata ELSE EXCLUDED.metadata || s.metadata END,
      ${APPEND("(EXCLUDED.next_seq - 1)", "(SELECT quiet FROM by_key WHERE new_id = EXCLUDED.id)")}
    RETURNING ${LANE}, (s.xmax = 0) AS created),
  by_id AS (SELECT session_id, count(*)::int AS count, (array_agg(title ORDER BY n))[1] AS title,
      ${BEFORE_COMMAND("array_agg(origin ORDER BY n)")} AS quiet
    FROM fresh WHERE session_id IS NOT NULL GROUP BY session_id),
  named AS (
    UPDATE sessions s SET title = coalesce(s.title, b.title), ${APPEND("b.count", "b.quiet")}
    FROM by_id b WHERE s.id = b.session_id RETURNING ${LANE}, false AS created),
  lanes AS MATERIALIZED (SELECT * FROM opened UNION ALL SELECT * FROM named),
  numbered AS MATERIALIZED (
    SELECT f.*, l.id AS lane_id, l.user_id AS lane_user, l.agent_version AS lane_version, l.agent_id AS lane_agent,
      l.answered_seq, l.lease_token, coalesce(l.lease_owner = $3, false) AS owned, l.created,
      l.lease_owner = $3 AND l.lease_expires_at = (now() + $4::int * interval '1 millisecond')::timestamptz(3) AS took,
      CASE WHEN l.handoff_id IS NULL THEN f.execution_id END AS run_id,
      l.session_metadata, coalesce(f.payload, l.offer ->> f.choice) AS chosen,
      (l.next_seq - count(*) OVER lane + row_number() OVER (PARTITION BY l.id ORDER BY f.n) - 1)::int AS seq
    FROM keyed f JOIN lanes l ON l.id = f.session_id
      OR (f.session_id IS NULL AND l.channel_id = f.channel_id AND l.agent_id = f.agent AND l.key = f.key)
    WINDOW lane AS (PARTITION BY l.id)),
  stored AS (
    INSERT INTO messages (id, session_id, seq, turn_seq, role, origin, content, payload, metadata, execution_id, author,
      sent_at, message_references, reply_reference, album_key, gather_until)
    SELECT message_id, lane_id, seq, seq, role, origin, content, chosen, metadata, run_id, author, sent_at,
      message_references, reply_reference, album_key, now() + gather_ms * interval '1 millisecond' FROM numbered),
  planned AS (
    INSERT INTO executions (id, workspace_id, session_id, user_message_id, seq, traceparent)
    SELECT run_id, workspace_id, lane_id, message_id, seq, traceparent FROM numbered WHERE run_id IS NOT NULL),
  filed AS (
    INSERT INTO attachments (id, workspace_id, session_id, message_id, place, kind, name, content_type, bytes, platform_id)
    SELECT a.id, n.workspace_id, n.lane_id, n.message_id, a.place, a.kind, a.name, a.content_type, a.bytes, a.platform_id
    FROM numbered n CROSS JOIN LATERAL json_to_recordset(n.attachments)
      AS a(id text, place int, kind text, name text, content_type text, bytes bigint, platform_id text)),
  sent AS (
    UPDATE attachments a SET message_id = n.message_id, session_id = n.lane_id, place = u.place, updated_at = now(),
      uploaded_by = NULL, uploaded_from = NULL
    FROM numbered n CROSS JOIN LATERAL json_array_elements_text(n.uploads) WITH ORDINALITY AS u(id, place)
    WHERE a.id = u.id AND a.session_id = n.uploaded_to AND a.message_id IS NULL)
  SELECT i.n, (r.n IS NOT NULL) AS resolvable,
    EXISTS (SELECT 1 FROM target t WHERE t.id = i.session_id AND t.status = 'active') AS open, x.lane_id, x.seq, x.lane_user, x.lane_agent, x.lane_version, x.owned, x.took, x.lease_token,
    x.answered_seq, x.created, x.session_metadata, x.chosen, x.run_id, coalesce(u.identifier, i.user_identifier) AS user_identifier,
    CASE WHEN u.identifier = i.user_identifier THEN coalesce(i.user_name, u.name) ELSE coalesce(u.name, i.user_name) END AS user_name, now()::timestamptz(3) AS created_at,
    EXISTS (SELECT 1 FROM early_edits e WHERE e.channel_id = i.channel_id AND e.original = ${ORIGINAL}) AS edited
  FROM incoming i LEFT JOIN resolvable r ON r.n = i.n LEFT JOIN numbered x ON x.n = i.n
  LEFT JOIN users u ON u.id = x.lane_user ORDER BY i.n`;
