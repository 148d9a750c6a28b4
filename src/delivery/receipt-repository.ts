import type { Pool } from "pg";
import type { DeliveryReceipt } from "../core/channel-event.ts";
import { storableText } from "../core/text.ts";
import type { UnreachableUsers } from "../storage/unreachable-users.ts";

/** How long a receipt waits for its send to be recorded: longer than any outage of the database is outlasted. */
const EARLY_FOR = "1 hour";
const RANKS = "ARRAY['unknown', 'sent', 'failed', 'delivered', 'read']";

/**
 * Applies a receipt to the delivery it is about, forward only. A send of unknown outcome that the platform reports on,
 * naming the delivery, is known from then on. Where the send is under way, or nothing is known of it, the receipt is
 * kept: it was faster than the record. The row is locked first, so that a record under way is waited for; what is decided
 * is decided on the locked row, as the update itself would still look at the one before that record.
 *
 * $1 channel, $2 external id, $3 state, $4 error code, $5 error, $6 delivery or null, $7 whether nothing arrives at the
 * user any more, $8 whether to keep it if early.
 */
const APPLY = (match: string) => `
  WITH named AS MATERIALIZED (SELECT d.id, d.status, d.external_ids FROM deliveries d
    WHERE d.channel_id = $1 AND ${match} FOR UPDATE),
  applied AS (
    UPDATE deliveries d SET status = $3, error_code = coalesce($4, d.error_code), error = coalesce($5, d.error),
      external_ids = CASE WHEN $2 = ANY(d.external_ids) THEN d.external_ids ELSE d.external_ids || $2::text END,
      sent_at = coalesce(d.sent_at, now()), next_attempt_at = NULL, updated_at = now(),
      possible_duplicate = d.possible_duplicate AND NOT (d.status = 'unknown' AND d.attempts = 1)
    FROM named n WHERE d.id = n.id AND (n.status = 'unknown' OR $2 = ANY(n.external_ids))
      AND array_position(${RANKS}, n.status) < array_position(${RANKS}, $3)
    RETURNING d.id),
  kept AS (
    INSERT INTO early_receipts (channel_id, external_id, state, error_code, error, delivery_id, user_unreachable)
    SELECT $1, $2, $3, $4, $5, $6, $7 WHERE $8 AND NOT EXISTS (SELECT 1 FROM named WHERE status <> 'sending')
    ON CONFLICT DO NOTHING)
  SELECT NOT EXISTS (SELECT 1 FROM named WHERE status <> 'sending') AS early`;

const BY_DELIVERY = APPLY("d.id = $6");
// The channel sends nothing under several ids that it gets receipts for.
const BY_EXTERNAL_ID = APPLY("d.external_ids <> '{}' AND d.external_ids[1] = $2 AND $6::text IS NULL");

/** Only these: a number that others send from as well gets receipts about messages that will never be ours. */
const RECORDED_SINCE = `
  SELECT r.* FROM early_receipts r WHERE CASE WHEN r.delivery_id IS NULL
      THEN EXISTS (SELECT 1 FROM deliveries d WHERE d.channel_id = r.channel_id AND d.external_ids <> '{}'
        AND d.external_ids[1] = r.external_id AND d.status <> 'sending')
      ELSE EXISTS (SELECT 1 FROM deliveries d WHERE d.channel_id = r.channel_id AND d.id = r.delivery_id
        AND d.status <> 'sending') END
  ORDER BY r.received_at LIMIT 500`;

interface EarlyRow {
  channel_id: string;
  external_id: string;
  state: DeliveryReceipt["state"];
  error_code: string | null;
  error: string | null;
  delivery_id: string | null;
  user_unreachable: boolean;
}

/** What platforms say became of sends. */
export function createReceiptRepository(pool: Pool, users: Pick<UnreachableUsers, "markRecipient">) {
  /** `saidAt` as in `markRecipient`. */
  async function apply(row: EarlyRow, keep: boolean, saidAt: Date | null): Promise<{ early: boolean }> {
    const { channel_id: channelId, external_id: externalId, delivery_id: deliveryId } = row;
    const { rows } = await pool.query<{ early: boolean }>(
      deliveryId === null ? BY_EXTERNAL_ID : BY_DELIVERY,
      [channelId, externalId, row.state, row.error_code, row.error, deliveryId, row.user_unreachable, keep],
    );
    const early = rows[0]?.early ?? false;
    if (row.user_unreachable && !early) {
      const why = { code: row.error_code ?? "unreachable", reason: row.error ?? "the platform says so" };
      await users.markRecipient({ channelId, externalId, deliveryId }, why, saidAt);
    }
    return { early };
  }

  return {
    /** Applies the platform's word, to the delivery and to the user it went to; states only move forward. */
    async apply(channelId: string, receipt: DeliveryReceipt): Promise<void> {
      const row = {
        channel_id: channelId,
        external_id: receipt.externalId,
        state: receipt.state,
        error_code: receipt.errorCode ?? null,
        error: receipt.errorMessage === undefined ? null : storableText(receipt.errorMessage),
        delivery_id: receipt.deliveryId ?? null,
        user_unreachable: receipt.userUnreachable ?? false,
      };
      await apply(row, true, null);
    },

    /** Applies receipts whose sends have been recorded since, and forgets those about nothing we ever sent. */
    async applyEarly(): Promise<void> {
      const { rows } = await pool.query<EarlyRow & { received_at: Date }>(RECORDED_SINCE);
      for (const row of rows) {
        const { early } = await apply(row, false, row.received_at);
        if (early) continue;
        await pool.query(
          "DELETE FROM early_receipts WHERE channel_id = $1 AND external_id = $2 AND state = $3",
          [row.channel_id, row.external_id, row.state],
        );
      }
      await pool.query(`DELETE FROM early_receipts WHERE received_at < now() - interval '${EARLY_FOR}'`);
    },

    /** Those of the ids that no delivery is known by. */
    async unclaimed(channelId: string, externalIds: readonly string[]): Promise<string[]> {
      const { rows } = await pool.query<{ id: string }>(
        `SELECT x.id FROM unnest($2::text[]) WITH ORDINALITY AS x(id, n) WHERE NOT EXISTS (
           SELECT 1 FROM deliveries d
           WHERE d.channel_id = $1 AND d.external_ids <> '{}' AND d.external_ids[1] = x.id) ORDER BY x.n`,
        [channelId, externalIds],
      );
      return rows.map((row) => row.id);
    },
  };
}
