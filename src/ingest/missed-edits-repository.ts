import type { Pool } from "pg";
import { inTransaction } from "../storage/transaction.ts";
import { editWaiting } from "./edit-repository.ts";
import type { InboundRow } from "./inbound-row.ts";

/**
 * Kept edits of the last minute, without those of the last two seconds. Two processes that store an edit and its message
 * in the same moment do not see each other's. They commit within these two seconds.
 */
const RECENT = `
  SELECT channel_id, original, "row" FROM early_edits
  WHERE received_at BETWEEN now() - interval '1 minute' AND now() - interval '2 seconds'
  ORDER BY received_at LIMIT 100`;

/** A newer edit may have taken its place meanwhile, and stays. */
const FORGET = `DELETE FROM early_edits WHERE channel_id = $1 AND original = $2 AND "row" = $3::jsonb`;

/** Applies kept edits whose messages are stored or held by now. */
export async function applyMissedEdits(pool: Pool): Promise<void> {
  const { rows } = await pool.query<{ channel_id: string; original: string; row: InboundRow }>(RECENT);
  for (const { channel_id: channelId, original, row } of rows) {
    await inTransaction(pool, async (client) => {
      const { kind } = await editWaiting(client, row);
      if (kind !== "held") await client.query(FORGET, [channelId, original, JSON.stringify(row)]);
    });
  }
}
