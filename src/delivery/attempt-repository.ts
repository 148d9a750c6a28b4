import type { Pool } from "pg";
import { storableJson } from "../core/text/text.ts";

export type DeliveryStatus = "queued" | "sending" | "sent" | "delivered" | "read" | "failed" | "unknown";

/** The result of an attempt. Only the claim that it belongs to may record it. */
export interface AttemptRecord {
  id: string;
  attempts: number;
  status: "queued" | "sent" | "delivered" | "failed" | "unknown";
  externalIds: string[];
  errorCode: string | null;
  error: string | null;
  /** For `queued` and `unknown`: time until the next attempt; null: no further attempt. */
  retryInMs: number | null;
  /** The new address of a moved conversation, for later attempts. */
  address: string | null;
  /** True if nothing was sent, so the attempt does not count. */
  uncounted?: boolean;
  /** The delivery waits for the user. Only a message stored after this attempt began releases it. */
  refused?: boolean;
  /** True if a lost send was found again, so the delivery arrived exactly once. */
  once?: boolean;
}

/**
 * Also works row by row. A missed message must still release a delivery that waits for the user. While the channel
 * decided to park it, that message may already be stored but not yet visible.
 */
const RECORD = `
  WITH outcome AS MATERIALIZED (
    SELECT * FROM json_to_recordset($1) AS x(id text, attempts int, status text, external_ids json, error_code text,
      error text, retry_in_ms int, address text, uncounted boolean, once boolean, refused boolean)),
  mine AS MATERIALIZED (
    SELECT d.* FROM outcome x CROSS JOIN LATERAL (
      SELECT id, status, claimed_by, attempts, updated_at AS begun_at FROM deliveries WHERE id = x.id FOR UPDATE) d)
  UPDATE deliveries d SET status = x.status, updated_at = now(), claimed_by = NULL, claimed_until = NULL,
    attempts = d.attempts - CASE WHEN x.uncounted THEN 1 ELSE 0 END,
    external_ids = ARRAY(SELECT json_array_elements_text(x.external_ids)), error_code = coalesce(x.error_code, CASE WHEN x.uncounted THEN d.error_code END),
    error = coalesce(x.error, CASE WHEN x.uncounted THEN d.error END),
    address = coalesce(x.address, d.address),
    possible_duplicate = (d.possible_duplicate OR x.status = 'unknown') AND NOT x.once,
    sent_at = CASE WHEN x.status IN ('sent', 'delivered') THEN now() ELSE d.sent_at END,
    next_attempt_at = CASE WHEN x.retry_in_ms IS NOT NULL THEN now() + x.retry_in_ms * interval '1 millisecond' END,
    parked_since = CASE WHEN x.status = 'queued' AND x.retry_in_ms IS NULL
      THEN m.begun_at - CASE WHEN x.refused THEN interval '1 millisecond' ELSE interval '1 minute' END
      WHEN x.uncounted THEN d.parked_since END
  FROM outcome x JOIN mine m ON m.id = x.id
  WHERE d.id = m.id AND m.status = 'sending' AND m.claimed_by = $2 AND m.attempts = x.attempts
  RETURNING d.id`;

/**
 * The same for failed attempts: each adds an incident in the same commit. A delivery that was not tried adds only one
 * incident in total. It waits for the user and may be checked often. A note about an accepted send is stored with the
 * delivery.
 */
const RECORD_INCIDENTS = `
  WITH recorded AS (${RECORD}, d.session_id, x.attempts AS attempt, d.status, d.error_code, d.error, d.next_attempt_at,
    x.uncounted),
  noted AS (
    INSERT INTO incidents (session_id, subject_id, attempt, code, reason, outcome, next_at)
    SELECT session_id, id, attempt, error_code, error, CASE status WHEN 'queued' THEN 'retry' ELSE status END,
      next_attempt_at FROM recorded r WHERE session_id IS NOT NULL AND error_code IS NOT NULL AND status NOT IN ('sent', 'delivered')
      AND NOT (uncounted AND EXISTS (SELECT 1 FROM incidents i WHERE i.session_id = r.session_id
        AND i.subject_id = r.id AND i.code = r.error_code)))
  SELECT id FROM recorded`;

/** Records the results of sends. */
export function createAttemptRepository(pool: Pool, identity: { owner: string }) {
  return {
    /** Records attempts in one commit. True for each attempt that this process still owned. */
    async record(records: AttemptRecord[]): Promise<boolean[]> {
      const allWell = records.every(({ errorCode }) => errorCode === null);
      const { rows } = await pool.query<{ id: string }>({
        name: allWell ? "record_deliveries" : "record_incidents",
        text: allWell ? RECORD : RECORD_INCIDENTS,
        values: [
          storableJson(
            records.map((record) => ({
              id: record.id,
              attempts: record.attempts,
              status: record.status,
              external_ids: record.externalIds,
              error_code: record.errorCode,
              error: record.error,
              retry_in_ms: record.retryInMs,
              address: record.address,
              uncounted: record.uncounted ?? false,
              once: record.once ?? false,
              refused: record.refused ?? false,
            })),
          ),
          identity.owner,
        ],
      });
      const recorded = new Set(rows.map((row) => row.id));
      return records.map((record) => recorded.has(record.id));
    },

    /**
     * Tells which attempts were recorded although the answer was lost; null: not recorded. A receipt may have changed
     * the state since.
     */
    async recorded(records: AttemptRecord[]): Promise<(true | null)[]> {
      const { rows } = await pool.query<{ id: string }>(
        `SELECT d.id FROM json_to_recordset($1) AS x(id text, attempts int, status text) JOIN deliveries d ON d.id = x.id
         WHERE d.claimed_by IS NULL AND d.attempts = x.attempts AND (d.status = x.status
           OR x.status IN ('sent', 'delivered') AND d.status IN ('sent', 'delivered', 'read', 'failed'))`,
        [
          JSON.stringify(
            records.map(({ id, attempts, status, uncounted }) => ({
              id,
              attempts: uncounted ? attempts - 1 : attempts,
              status,
            })),
          ),
        ],
      );
      const recorded = new Set(rows.map((row) => row.id));
      return records.map(({ id }) => (recorded.has(id) ? true : null));
    },
  };
}
