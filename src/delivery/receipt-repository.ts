import type { Pool } from "pg";
import type { DeliveryReceipt } from "../core/message/channel-event.ts";
import { storableText } from "../core/text/text.ts";
import type { UnreachableUsers } from "../users/unreachable-repository.ts";
import { APPLY_BY_DELIVERY, APPLY_BY_EXTERNAL_ID, RECORDED_SINCE } from "./receipt-statements.ts";

/** Time that a receipt waits for the record of its send. It is longer than any tolerated outage of the database. */
const EARLY_FOR = "1 hour";

interface EarlyRow {
  channel_id: string;
  external_id: string;
  state: DeliveryReceipt["state"];
  error_code: string | null;
  error: string | null;
  delivery_id: string | null;
  user_unreachable: boolean;
  meaning: string | null;
  after_ms: number | null;
}

/** A delivery that the platform accepted but could not deliver, and that may be sent again. */
export interface RequeuedDelivery {
  id: string;
  channelId: string;
  retryInMs: number;
}

/** A report that changed a delivery for good. */
export interface AppliedReceipt {
  id: string;
  channelId: string;
  sessionId: string | null;
  messageId: string | null;
  attempts: number;
  state: DeliveryReceipt["state"];
  errorCode: string | null;
  error: string | null;
}

type AppliedRow = Omit<AppliedReceipt, "channelId" | "state">;

export type ReceiptRepository = ReturnType<typeof createReceiptRepository>;

/**
 * Applies the platforms' reports about sends.
 * @param onApplied gets each report that changed a delivery.
 */
export function createReceiptRepository(
  pool: Pool,
  users: Pick<UnreachableUsers, "markRecipient">,
  onApplied: (receipt: AppliedReceipt) => void = () => undefined,
) {
  /** `saidAt` as in `markRecipient`. */
  async function apply(
    row: EarlyRow,
    keep: boolean,
    saidAt: Date | null,
  ): Promise<{ early: boolean; requeued: RequeuedDelivery[] }> {
    const { channel_id: channelId, external_id: externalId, delivery_id: deliveryId } = row;
    const { rows } = await pool.query<{
      early: boolean;
      applied: AppliedRow | null;
      requeued: RequeuedDelivery | null;
    }>(deliveryId === null ? APPLY_BY_EXTERNAL_ID : APPLY_BY_DELIVERY, [
      channelId,
      externalId,
      row.state,
      row.error_code,
      row.error,
      deliveryId,
      row.user_unreachable,
      keep,
      row.meaning,
      row.after_ms,
    ]);
    const { early, applied, requeued } = rows[0] ?? { early: false, applied: null, requeued: null };
    if (applied) onApplied({ ...applied, channelId, state: row.state });
    if (row.user_unreachable && !early) {
      const why = { code: row.error_code ?? "unreachable", reason: row.error ?? "the platform says so" };
      await users.markRecipient({ channelId, externalId, deliveryId }, why, saidAt);
    }
    return { early, requeued: requeued === null ? [] : [requeued] };
  }

  return {
    /**
     * Applies the platform's report to the delivery and to its user. States only move forward, except for a failure
     * that is not final. Returns the deliveries to send again.
     */
    async apply(channelId: string, receipt: DeliveryReceipt): Promise<RequeuedDelivery[]> {
      const row = {
        channel_id: channelId,
        external_id: receipt.externalId,
        state: receipt.state,
        error_code: receipt.errorCode ?? null,
        error: receipt.errorMessage === undefined ? null : storableText(receipt.errorMessage),
        delivery_id: receipt.deliveryId ?? null,
        user_unreachable: receipt.userUnreachable ?? false,
        meaning: receipt.meaning ?? null,
        after_ms: receipt.afterMs ?? null,
      };
      return (await apply(row, true, null)).requeued;
    },

    /** The same for receipts whose sends have been recorded since. Deletes those that match nothing we sent. */
    async applyEarly(): Promise<RequeuedDelivery[]> {
      const again: RequeuedDelivery[] = [];
      const { rows } = await pool.query<EarlyRow & { received_at: Date }>(RECORDED_SINCE);
      for (const row of rows) {
        const { early, requeued } = await apply(row, false, row.received_at);
        if (early) continue;
        again.push(...requeued);
        await pool.query(
          "DELETE FROM early_receipts WHERE channel_id = $1 AND external_id = $2 AND state = $3",
          [row.channel_id, row.external_id, row.state],
        );
      }
      await pool.query(`DELETE FROM early_receipts WHERE received_at < now() - interval '${EARLY_FOR}'`);
      return again;
    },

    /** Returns those of the ids that belong to no known delivery. */
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
