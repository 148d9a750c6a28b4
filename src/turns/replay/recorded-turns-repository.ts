import type { Pool } from "pg";
import type { LogEntry } from "../../core/session/turn-log.ts";

/** A turn of a session as it was, with what it answered and what came of it. */
export interface RecordedTurn {
  executionId: string;
  /** The newest message that it answered. */
  messageId: string;
  /** The texts of all messages that it answered, oldest first. */
  texts: string[];
  /** The history of the turn ends before this seq. */
  beforeSeq: number;
  replies: string[];
  errorCode: string | null;
  totalTokens: number | null;
  startedAt: Date | null;
  endedAt: Date | null;
  log: LogEntry[] | null;
}

const TURNS = `
  SELECT e.id AS "executionId", m.id AS "messageId", asked.texts, asked.first AS "beforeSeq", e.error_code AS "errorCode",
    e.total_tokens AS "totalTokens", e.started_at AS "startedAt", e.ended_at AS "endedAt", e.log,
    ARRAY(SELECT r.content FROM messages r WHERE r.session_id = e.session_id AND r.turn_seq = e.seq
      AND r.execution_id = e.id AND r.role = 'assistant' AND r.origin = 'bot' ORDER BY r.seq) AS replies
  FROM executions e JOIN messages m ON m.id = e.user_message_id
  CROSS JOIN LATERAL (
    SELECT array_agg(q.content ORDER BY q.seq) AS texts, min(q.seq) AS first
    FROM executions x JOIN messages q ON q.id = x.user_message_id
    WHERE x.session_id = e.session_id AND (x.id = e.id OR x.merged_into = e.id)) asked
  WHERE m.origin = 'user' AND e.status IN ('completed', 'failed')`;

/** The turns of a session that answered a user, oldest first. Of a turn that was run again, only the newest counts. */
export async function recordedTurns(pool: Pool, sessionId: string, limit: number): Promise<RecordedTurn[]> {
  const { rows } = await pool.query<RecordedTurn>(
    `${TURNS} AND e.session_id = $1 AND m.execution_id = e.id ORDER BY e.seq LIMIT $2`,
    [sessionId, limit],
  );
  return rows;
}

/** The turns of these executions, if they answered a user, by execution. */
export async function recordedTurnsOf(
  pool: Pool,
  executionIds: readonly string[],
): Promise<Map<string, RecordedTurn>> {
  if (executionIds.length === 0) return new Map();
  const { rows } = await pool.query<RecordedTurn>(`${TURNS} AND e.id = ANY($1)`, [executionIds]);
  return new Map(rows.map((turn) => [turn.executionId, turn]));
}
