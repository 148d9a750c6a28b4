/**
 * The status of a run. `delivered` means that the platform confirmed the arrival. On a platform without receipts, it
 * means that the platform accepted the message. `sent` means accepted, but not confirmed yet.
 */
export type RunStatus =
  | "pending"
  | "answering"
  | "delivering"
  | "sent"
  | "delivered"
  | "failed"
  | "skipped"
  | "unreachable";

/** One run of a schedule. */
export interface RunView {
  dueAt: Date;
  status: RunStatus;
  reason: string | null;
  sessionId: string | null;
  executionId: string | null;
  deliveryIds: string[];
}

/** Columns of a run `r` on a channel `c`, with the results of its turn and its deliveries. */
export const RUN_COLUMNS = `r.due_at, r.status AS run_status, r.reason AS run_reason, c.kind AS channel_kind,
    r.session_id AS run_session, r.execution_id AS run_execution, e.status AS execution_status, e.error AS execution_error,
    d.ids AS delivery_ids, d.taken, d.arrived, d.lost, d.error AS delivery_error`;

/** Joins for `RUN_COLUMNS`. */
export const RUN_OUTCOME = `LEFT JOIN executions e ON e.id = r.execution_id
  LEFT JOIN LATERAL (
    SELECT array_agg(d.id ORDER BY d.ordinal) AS ids, bool_and(d.status IN ('sent', 'delivered', 'read')) AS taken,
      bool_and(d.status IN ('delivered', 'read')) AS arrived, bool_or(d.status = 'failed') AS lost, max(d.error) AS error
    FROM messages m JOIN deliveries d ON d.message_id = m.id
    WHERE m.session_id = r.session_id AND (m.id = r.message_id OR m.execution_id = r.execution_id)) d ON true`;

export interface RunRow {
  channel_kind: string;
  run_status: "pending" | "sent" | "skipped" | "failed" | "unreachable";
  run_reason: string | null;
  run_session: string | null;
  run_execution: string | null;
  execution_status: string | null;
  execution_error: string | null;
  delivery_ids: string[] | null;
  taken: boolean | null;
  arrived: boolean | null;
  lost: boolean | null;
  delivery_error: string | null;
}

/** @param hasReceipts true if the channel's platform reports receipts. */
export function toRun(row: RunRow, dueAt: Date, hasReceipts: boolean): RunView {
  return {
    dueAt,
    status: statusOf(row, hasReceipts),
    reason: row.run_reason ?? row.execution_error ?? row.delivery_error,
    sessionId: row.run_session,
    executionId: row.run_execution,
    deliveryIds: row.delivery_ids ?? [],
  };
}

function statusOf(row: RunRow, hasReceipts: boolean): RunStatus {
  if (row.run_status !== "sent") return row.run_status;
  if (row.execution_status === "failed" || row.execution_status === "cancelled" || row.lost) return "failed";
  if (row.execution_status === "pending" || row.execution_status === "running") return "answering";
  // If the session is its own address, nothing is sent to a platform. A stored message counts as delivered.
  if (row.delivery_ids === null || row.arrived) return "delivered";
  if (!row.taken) return "delivering";
  return hasReceipts ? "sent" : "delivered";
}
