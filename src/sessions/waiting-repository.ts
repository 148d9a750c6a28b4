import type { PoolClient } from "pg";

/** Cancels the waiting messages of an ended session. Their executions store the reason. */
export async function cancelWaiting(client: PoolClient, sessionId: string): Promise<void> {
  await client.query(
    `UPDATE executions SET status = 'cancelled', ended_at = now(), error_code = 'session_ended',
       error = 'the session ended before this message was answered'
     WHERE session_id = $1 AND status IN ('pending', 'running')`,
    [sessionId],
  );
}

/**
 * Messages that arrived after the reset request, but before the reset, belong to the new session. The bot answers those
 * there that a person was to answer.
 */
export async function moveWaiting(
  client: PoolClient,
  fromSession: string,
  toSession: string,
  behindSeq: number,
): Promise<number> {
  const { rowCount } = await client.query(
    `WITH waiting AS MATERIALIZED (
       SELECT m.id, m.execution_id, row_number() OVER (ORDER BY m.seq) AS place,
         CASE WHEN m.execution_id IS NULL AND m.origin <> 'command' THEN new_ksuid() END AS new_run
       FROM messages m
       WHERE m.session_id = $1 AND m.seq > $3 AND m.origin IN ('user', 'command', 'instruction')),
     counted AS (SELECT count(*)::int AS count FROM waiting),
     lane AS (
       UPDATE sessions s SET next_seq = s.next_seq + c.count, inbound_seq = s.next_seq + c.count - 1,
         answered_seq = CASE WHEN s.inbound_seq > s.answered_seq THEN s.answered_seq ELSE s.next_seq - 1 END,
         waits = true
       FROM counted c WHERE s.id = $2 AND c.count > 0
       RETURNING s.workspace_id, s.next_seq - c.count - 1 AS before),
     new_runs AS (
       INSERT INTO executions (id, workspace_id, session_id, user_message_id, seq)
       SELECT w.new_run, lane.workspace_id, $2, w.id, lane.before + w.place FROM waiting w, lane
       WHERE w.new_run IS NOT NULL),
     runs AS (
       UPDATE executions e SET session_id = $2, seq = lane.before + w.place
       FROM waiting w, lane WHERE e.id = w.execution_id),
     files AS (
       UPDATE attachments a SET session_id = $2 FROM waiting w, lane WHERE a.message_id = w.id)
     UPDATE messages m SET session_id = $2, seq = lane.before + w.place, turn_seq = lane.before + w.place,
       execution_id = coalesce(m.execution_id, w.new_run)
     FROM waiting w, lane WHERE m.id = w.id`,
    [fromSession, toSession, behindSeq],
  );
  return rowCount ?? 0;
}
