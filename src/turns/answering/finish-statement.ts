/**
 * `turn` is the place of a turn in the batch, and joins everything that it wrote. The session is not enough. A batch
 * may have two turns of one session: one with a lost lease, and one with the current lease.
 *
 * It claims the deliveries of a turn for this process if nothing stands before them. This is decided on what the
 * statement sees when it begins. So a session that was changed until its row was locked claims nothing: the change may
 * have stored a delivery that this statement cannot see.
 *
 * It changes no indexed column of the session, so that its row is updated in place (see
 * sessions/follow-activity-repository.ts).
 */
export const FINISH = `
  WITH done AS MATERIALIZED (SELECT * FROM json_to_recordset($1)
    AS t(turn int, session_id text, lease_token int, answered_seq int, agent_version int, replies int, speaks boolean,
      offer jsonb, claims boolean)),
  seen AS MATERIALIZED (
    SELECT s.id, s.xmin AS version FROM done d CROSS JOIN LATERAL (
      SELECT id, xmin FROM sessions WHERE id = d.session_id AND d.claims OFFSET 0) s),
  held AS MATERIALIZED (
    SELECT s.id, s.edited, s.version, d.turn FROM (SELECT * FROM done ORDER BY session_id) d CROSS JOIN LATERAL (
      SELECT id, edited, lease_token, lease_owner, handoff_id, xmin AS version FROM sessions WHERE id = d.session_id FOR UPDATE) s
    WHERE s.lease_token = d.lease_token AND s.lease_owner = $5 AND s.handoff_id IS NULL),
  lanes AS (
    UPDATE sessions s SET
      next_seq = s.next_seq + d.replies,
      answered_seq = greatest(s.answered_seq, d.answered_seq),
      edited = false,
      offer = CASE WHEN d.speaks THEN d.offer ELSE s.offer END,
      last_activity_at = CASE WHEN d.replies > 0 THEN now() ELSE s.last_activity_at END,
      lease_owner = CASE WHEN s.inbound_seq > d.answered_seq THEN s.lease_owner END,
      lease_expires_at = CASE WHEN s.inbound_seq > d.answered_seq THEN now() + $6::int * interval '1 millisecond' END
    FROM held h JOIN done d ON d.turn = h.turn
    LEFT JOIN seen v ON v.id = h.id AND v.version = h.version WHERE s.id = h.id
    RETURNING h.turn, s.id, s.next_seq - d.replies AS first_seq, s.workspace_id, s.channel_id, s.address,
      d.answered_seq AS turn_seq, d.agent_version AS answered_by, (s.lease_owner IS NOT NULL) AS more, h.edited,
      v.id IS NOT NULL
        AND EXISTS (SELECT 1 FROM channels c
          WHERE c.id = s.channel_id AND (c.paused_until IS NULL OR c.paused_until <= now()) OFFSET 0)
        AND NOT EXISTS (SELECT 1 FROM deliveries e
          WHERE e.channel_id = s.channel_id AND e.address = coalesce(s.address, s.id)
            AND e.status IN ('queued', 'sending', 'unknown')
            AND (e.status <> 'unknown' OR e.next_attempt_at IS NOT NULL) OFFSET 0) AS claims),
  ended AS (
    UPDATE executions e SET status = x.status, attempts = greatest(e.attempts, x.attempts),
      error_code = x.error_code, error = x.error, merged_into = x.merged_into, prompt_tokens = x.prompt_tokens, completion_tokens = x.completion_tokens,
      total_tokens = x.total_tokens, finish_reason = x.finish_reason,
      agent_version = l.answered_by, log = coalesce(x.log, e.log), started_at = coalesce(e.started_at, x.started_at),
      preview = CASE WHEN x.preview_taken THEN NULL ELSE e.preview END, ended_at = now()
    FROM json_to_recordset($2) AS x(turn int, id text, status text, attempts int, error_code text, error text,
      merged_into text, prompt_tokens int, completion_tokens int, total_tokens int, finish_reason text, log jsonb, started_at timestamptz,
      preview_taken boolean)
    JOIN lanes l ON l.turn = x.turn WHERE e.id = x.id),
  replied AS (
    INSERT INTO messages (id, session_id, seq, turn_seq, role, origin, content, buttons, metadata, execution_id)
    SELECT r.id, l.id, l.first_seq + r.idx, l.turn_seq, r.role, r.origin, r.content, r.buttons, r.metadata, r.execution_id
    FROM json_to_recordset($3) AS r(turn int, id text, idx int, role text, origin text, content text,
      buttons jsonb, metadata jsonb, execution_id text) JOIN lanes l ON l.turn = r.turn),
  filed AS (
    INSERT INTO attachments (id, workspace_id, session_id, message_id, place, kind, name, content_type, source_url)
    SELECT f.id, l.workspace_id, l.id, f.message_id, f.place, f.kind, f.name, f.content_type, f.source_url
    FROM json_to_recordset($7) AS f(turn int, id text, message_id text, place int, kind text, name text,
      content_type text, source_url text) JOIN lanes l ON l.turn = f.turn
    ON CONFLICT (id) DO UPDATE SET message_id = EXCLUDED.message_id, place = EXCLUDED.place, updated_at = now()),
  outbound AS (
    INSERT INTO deliveries (id, workspace_id, channel_id, session_id, message_id, address, part, content, buttons, preview,
      attachment_id, answers, status, attempts, claimed_by, claimed_until)
    SELECT p.id, l.workspace_id, l.channel_id, l.id, p.message_id, coalesce(l.address, l.id), p.part, p.content, p.buttons,
      p.preview, p.attachment_id, p.answers, CASE WHEN l.claims THEN 'sending' ELSE 'queued' END, l.claims::int,
      CASE WHEN l.claims THEN $5 END, CASE WHEN l.claims THEN now() + $8::int * interval '1 millisecond' END
    FROM json_to_recordset($4) AS p(n int, turn int, id text, message_id text, part int, content text,
      buttons jsonb, preview text, attachment_id text, answers jsonb)
    JOIN lanes l ON l.turn = p.turn ORDER BY p.n)
  SELECT d.turn, l.more, l.edited, CASE WHEN l.claims THEN coalesce(l.address, l.id) END AS claimed_at FROM done d LEFT JOIN lanes l ON l.turn = d.turn`;

/**
 * Finds out if the ends of turns were written. A turn with replies is identified by them, and a turn without replies by
 * its execution. A turn without both is identified by the progress of its lane.
 */
export const SETTLED = `
  SELECT d.turn, s.lease_token = d.lease_token AS same_lease, s.lease_owner IS NOT DISTINCT FROM $2 AS ours,
    CASE WHEN d.reply_id IS NOT NULL THEN EXISTS (SELECT 1 FROM messages WHERE id = d.reply_id)
      WHEN d.execution_id IS NOT NULL THEN EXISTS (
        SELECT 1 FROM executions WHERE id = d.execution_id AND status IN ('completed', 'failed', 'cancelled'))
      ELSE s.lease_token = d.lease_token AND s.answered_seq >= d.answered_seq END AS written
  FROM json_to_recordset($1) AS d(turn int, session_id text, lease_token int, answered_seq int, reply_id text,
    execution_id text)
  JOIN sessions s ON s.id = d.session_id`;

export interface SettledRow {
  turn: number;
  same_lease: boolean;
  ours: boolean;
  written: boolean;
}
