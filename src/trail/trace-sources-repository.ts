import type { Pool } from "pg";
import type { TraceSource } from "../core/trace/span.ts";

/** The trace of a delivered message, and the turn that wrote it. */
export interface DeliveredTrace {
  source: TraceSource;
  /** Null: no turn wrote it, so its delivery is the first step of its trace. */
  executionId: string | null;
}

const FOUND = `
  SELECT m.id, e.id AS "executionId", e.user_message_id AS "userMessageId",
    coalesce(e.traceparent, m.traceparent) AS traceparent
  FROM messages m LEFT JOIN executions e ON e.id = m.execution_id WHERE m.id = ANY($1)`;

interface FoundRow {
  id: string;
  executionId: string | null;
  userMessageId: string | null;
  traceparent: string | null;
}

/** The traces of delivered messages, by message. Only a process that traces reads them. */
export async function findTraces(
  pool: Pool,
  messageIds: readonly string[],
): Promise<Map<string, DeliveredTrace>> {
  const { rows } = await pool.query<FoundRow>(FOUND, [messageIds]);
  return new Map(
    rows.map(({ id, executionId, userMessageId, traceparent }) => [
      id,
      { source: { messageId: userMessageId ?? id, traceparent }, executionId },
    ]),
  );
}
