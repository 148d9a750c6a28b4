import { RETRY_RULES } from "./retry-decision.ts";

const RANKS = "ARRAY['unknown', 'sent', 'failed', 'delivered', 'read']";

/** A failure that would not be final in a send's answer either, and the condition for the next attempt. */
const COMES_BACK = `$3 = 'failed' AND $9::text IS NOT NULL AND ($9 = 'parked' OR $9 = 'retry' AND ($10::int IS NOT NULL
  OR n.attempts < ${RETRY_RULES.maxAttempts}))`;
const RETRY_IN_MS = `coalesce($10::int, least(${RETRY_RULES.maxMs}, ${RETRY_RULES.baseMs} * power(2, n.attempts - 1))::int)`;

/**
 * Applies a receipt to its delivery; states only move forward. If the platform reports on a send of unknown outcome and
 * names the delivery, the outcome becomes known. A receipt is kept if the send is in progress or unknown, because it
 * came before the record. The row is locked first, so that the statement waits for a record in progress. Every decision
 * uses the locked row. The update itself would still see the row from before that record.
 *
 * $1 channel
 * $2 external id
 * $3 state
 * $4 error code
 * $5 error
 * $6 delivery or null
 * $7 true if nothing arrives at the user any more
 * $8 true to keep it if early
 * $9 meaning of a failure
 * $10 delay before the next send
 */
const APPLY = (match: string) => `
  WITH named AS MATERIALIZED (SELECT d.id, d.status, d.external_ids, d.attempts FROM deliveries d
    WHERE d.channel_id = $1 AND ${match} FOR UPDATE),
  forward AS MATERIALIZED (SELECT * FROM named n WHERE (n.status = 'unknown' OR $2 = ANY(n.external_ids))
    AND array_position(${RANKS}, n.status) < array_position(${RANKS}, $3)),
  applied AS (
    UPDATE deliveries d SET status = $3, error_code = coalesce($4, d.error_code), error = coalesce($5, d.error),
      external_ids = CASE WHEN $2 = ANY(d.external_ids) THEN d.external_ids ELSE d.external_ids || $2::text END,
      sent_at = coalesce(d.sent_at, now()), next_attempt_at = NULL, updated_at = now(),
      possible_duplicate = d.possible_duplicate AND NOT (d.status = 'unknown' AND d.attempts = 1)
    FROM forward n WHERE d.id = n.id AND NOT (${COMES_BACK})
    RETURNING d.id, d.session_id, d.message_id, d.attempts, d.error_code, d.error),
  requeued AS (
    UPDATE deliveries d SET status = 'queued', error_code = coalesce($4, 'failed_later'),
      error = coalesce($5, 'the platform could not deliver it'), external_ids = '{}', sent_at = NULL, updated_at = now(),
      attempts = d.attempts - CASE WHEN $9 = 'parked' THEN 1 ELSE 0 END,
      -- The platform knew of what the user wrote before the send.
      parked_since = coalesce(d.sent_at, d.updated_at),
      next_attempt_at = CASE WHEN $9 = 'retry' THEN now() + ${RETRY_IN_MS} * interval '1 millisecond' END
    FROM forward n WHERE d.id = n.id AND ${COMES_BACK}
    RETURNING d.id, d.channel_id, d.session_id, n.attempts, d.error_code, d.error, d.next_attempt_at,
      ${RETRY_IN_MS} AS retry_in_ms),
  noted AS (
    INSERT INTO incidents (session_id, subject_id, attempt, code, reason, outcome, next_at)
    SELECT session_id, id, attempts, error_code, error, 'retry', next_attempt_at FROM requeued
      WHERE session_id IS NOT NULL),
  kept AS (
    INSERT INTO early_receipts (channel_id, external_id, state, error_code, error, delivery_id, user_unreachable, meaning,
      after_ms)
    SELECT $1, $2, $3, $4, $5, $6, $7, $9, $10 WHERE $8 AND NOT EXISTS (SELECT 1 FROM named WHERE status <> 'sending')
    ON CONFLICT DO NOTHING)
  SELECT NOT EXISTS (SELECT 1 FROM named WHERE status <> 'sending') AS early,
    (SELECT json_build_object('id', id, 'sessionId', session_id, 'messageId', message_id, 'attempts', attempts,
      'errorCode', error_code, 'error', error) FROM applied) AS applied,
    (SELECT json_build_object('id', id, 'channelId', channel_id, 'retryInMs', retry_in_ms) FROM requeued
      WHERE next_attempt_at IS NOT NULL) AS requeued`;

/** Applies a receipt that names its delivery. */
export const APPLY_BY_DELIVERY = APPLY("d.id = $6");
/** Applies a receipt by the id of the send. A channel that gets receipts sends each delivery under one id only. */
export const APPLY_BY_EXTERNAL_ID = APPLY(
  "d.external_ids <> '{}' AND d.external_ids[1] = $2 AND $6::text IS NULL",
);

/**
 * Early receipts whose send is recorded by now. If others also send from the same number, receipts arrive for messages
 * that are never ours.
 */
export const RECORDED_SINCE = `
  SELECT r.* FROM early_receipts r WHERE CASE WHEN r.delivery_id IS NULL
      THEN EXISTS (SELECT 1 FROM deliveries d WHERE d.channel_id = r.channel_id AND d.external_ids <> '{}'
        AND d.external_ids[1] = r.external_id AND d.status <> 'sending')
      ELSE EXISTS (SELECT 1 FROM deliveries d WHERE d.channel_id = r.channel_id AND d.id = r.delivery_id
        AND d.status <> 'sending') END
  ORDER BY r.received_at LIMIT 500`;
