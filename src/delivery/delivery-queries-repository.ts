import type { Pool } from "pg";
import { type PageRequest, type Slice, toSlice } from "../core/page.ts";
import { countRows } from "../storage/row-count.ts";
import type { DeliveryStatus } from "./attempt-repository.ts";

/** A delivery as operators see it. */
export interface DeliveryView {
  id: string;
  workspaceId: string;
  channelId: string;
  channel: string;
  sessionId: string | null;
  messageId: string | null;
  handoffId: string | null;
  accessRequestId: string | null;
  address: string;
  part: number;
  content: string;
  status: DeliveryStatus;
  attempts: number;
  nextAttemptAt: Date | null;
  externalIds: string[];
  errorCode: string | null;
  error: string | null;
  possibleDuplicate: boolean;
  createdAt: Date;
  updatedAt: Date;
  sentAt: Date | null;
}

export interface DeliveryFilter {
  sessionId?: string | undefined;
  channel?: string | undefined;
  status?: DeliveryStatus | undefined;
}

interface DeliveryRow {
  id: string;
  workspace_id: string;
  channel_id: string;
  channel: string;
  session_id: string | null;
  message_id: string | null;
  handoff_id: string | null;
  access_request_id: string | null;
  address: string;
  part: number;
  content: string;
  status: DeliveryStatus;
  attempts: number;
  next_attempt_at: Date | null;
  external_ids: string[];
  error_code: string | null;
  error: string | null;
  possible_duplicate: boolean;
  created_at: Date;
  updated_at: Date;
  sent_at: Date | null;
}

const FROM = "deliveries d JOIN channels c ON c.id = d.channel_id";
const SELECT = `SELECT d.id, d.workspace_id, d.channel_id, c.name AS channel, d.session_id, d.message_id,
  d.handoff_id, d.access_request_id, d.address,
  d.part, d.content, d.status, d.attempts, d.next_attempt_at, d.external_ids, d.error_code, d.error,
  d.possible_duplicate, d.created_at, d.updated_at, d.sent_at FROM ${FROM}`;
const MATCHES = `d.workspace_id = $1 AND ($2::text IS NULL OR d.session_id = $2)
  AND ($3::text IS NULL OR c.name = $3) AND ($4::text IS NULL OR d.status = $4)`;

/** Deliveries to send again. All conditions apply. */
export interface RetryFilter {
  status: "failed" | "unknown";
  sessionId?: string | undefined;
  channel?: string | undefined;
  errorCode?: string | undefined;
  /** Created at this time or later. */
  since?: Date | undefined;
  /** Created before this time. */
  until?: Date | undefined;
}

/** Maximum deliveries that one call sends again. So no statement locks thousands of rows for long. */
const RETRY_AT_ONCE = 1_000;

const RETRIABLE = `d.workspace_id = $1 AND d.status = $2 AND ($3::text IS NULL OR d.session_id = $3)
  AND ($4::text IS NULL OR c.name = $4) AND ($5::text IS NULL OR d.error_code = $5)
  AND ($6::timestamptz IS NULL OR d.created_at >= $6) AND ($7::timestamptz IS NULL OR d.created_at < $7)`;

/**
 * Makes deliveries due now: those that \`chosen\` selects and that failed or have an unknown outcome. A failed one gets all
 * its attempts back. For an unknown one, a late sender may still record a result; the attempt number tells them apart.
 * The operator who retries expects it to arrive, so its user counts as reachable again. A delivery to a desk shows
 * nothing about the user.
 */
const retryOf = (chosen: string) => `WITH retried AS (
    UPDATE deliveries SET status = 'queued', next_attempt_at = now(), updated_at = now(),
      attempts = CASE WHEN status = 'failed' THEN 0 ELSE attempts END, error_code = NULL, error = NULL
    WHERE ${chosen} AND status IN ('failed', 'unknown') RETURNING id, channel_id, session_id, attempts, handoff_id),
  cleared AS (UPDATE users u SET unreachable_since = NULL, unreachable_code = NULL, unreachable_reason = NULL
    FROM retried r JOIN sessions s ON s.id = r.session_id
    WHERE r.handoff_id IS NULL AND u.id = s.user_id AND u.unreachable_since IS NOT NULL),
  noted AS (INSERT INTO incidents (session_id, subject_id, attempt, code, reason, outcome)
    SELECT session_id, id, attempts, 'retried_by_operator', 'an operator asked for it', 'retry' FROM retried WHERE session_id IS NOT NULL)
  SELECT id, channel_id AS "channelId" FROM retried`;

/** Reads deliveries for operators and applies an operator's decision. */
export function createDeliveryQueries(pool: Pool) {
  return {
    async list(workspaceId: string, filter: DeliveryFilter, page: PageRequest): Promise<Slice<DeliveryView>> {
      const matching = [workspaceId, filter.sessionId ?? null, filter.channel ?? null, filter.status ?? null];
      const [found, total] = await Promise.all([
        pool.query<DeliveryRow>(
          `${SELECT} WHERE ${MATCHES} AND ($5::timestamptz IS NULL OR (d.created_at, d.id) < ($5, $6))
           ORDER BY d.created_at DESC, d.id DESC LIMIT $7 OFFSET $8`,
          [...matching, page.after?.at ?? null, page.after?.id ?? null, page.limit + 1, page.offset],
        ),
        countRows(pool, FROM, MATCHES, matching),
      ]);
      return toSlice(found.rows.map(toDelivery), page.limit, total, ({ createdAt: at, id }) => ({ at, id }));
    },

    async get(workspaceId: string, id: string): Promise<DeliveryView | null> {
      const { rows } = await pool.query<DeliveryRow>(`${SELECT} WHERE d.workspace_id = $1 AND d.id = $2`, [
        workspaceId,
        id,
      ]);
      return rows[0] ? toDelivery(rows[0]) : null;
    },

    /** Makes a failed delivery, or one of unknown outcome, due now. False: it is neither. */
    async retry(workspaceId: string, id: string): Promise<boolean> {
      const { rowCount } = await pool.query(retryOf("workspace_id = $1 AND id = $2"), [workspaceId, id]);
      return rowCount === 1;
    },

    /** Makes the oldest deliveries that match due now. `dryRun` only counts them. */
    async retryAll(workspaceId: string, filter: RetryFilter, dryRun: boolean) {
      const values = [
        workspaceId,
        filter.status,
        filter.sessionId ?? null,
        filter.channel ?? null,
        filter.errorCode ?? null,
        filter.since ?? null,
        filter.until ?? null,
      ];
      const matched = await countRows(pool, FROM, RETRIABLE, values);
      if (dryRun) return { matched, retried: [] };
      const chosen = `id IN (SELECT d.id FROM ${FROM} WHERE ${RETRIABLE} ORDER BY d.created_at, d.id
        LIMIT ${RETRY_AT_ONCE})`;
      const { rows } = await pool.query<{ id: string; channelId: string }>(retryOf(chosen), values);
      return { matched, retried: rows };
    },

    /** Records an operator's finding about a delivery of unknown outcome. False: its outcome is known. */
    async resolve(workspaceId: string, id: string, status: "sent" | "failed"): Promise<boolean> {
      const { rowCount } = await pool.query(
        `WITH resolved AS (
           UPDATE deliveries SET status = $3, next_attempt_at = NULL, updated_at = now(),
             sent_at = CASE WHEN $3 = 'sent' THEN coalesce(sent_at, now()) ELSE sent_at END,
             possible_duplicate = possible_duplicate AND $3 <> 'failed'
           WHERE workspace_id = $1 AND id = $2 AND status = 'unknown' RETURNING id, session_id, attempts)
         INSERT INTO incidents (session_id, subject_id, attempt, code, reason, outcome)
         SELECT session_id, id, attempts, 'resolved_by_operator', 'an operator looked', $3 FROM resolved WHERE session_id IS NOT NULL`,
        [workspaceId, id, status],
      );
      return rowCount === 1;
    },
  };
}

function toDelivery(row: DeliveryRow): DeliveryView {
  return {
    id: row.id,
    workspaceId: row.workspace_id,
    channelId: row.channel_id,
    channel: row.channel,
    sessionId: row.session_id,
    messageId: row.message_id,
    handoffId: row.handoff_id,
    accessRequestId: row.access_request_id,
    address: row.address,
    part: row.part,
    content: row.content,
    status: row.status,
    attempts: row.attempts,
    nextAttemptAt: row.next_attempt_at,
    externalIds: row.external_ids,
    errorCode: row.error_code,
    error: row.error,
    possibleDuplicate: row.possible_duplicate,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    sentAt: row.sent_at,
  };
}
