import type { Pool, PoolClient } from "pg";
import { inTransaction } from "../storage/transaction.ts";
import { type EarlyEdit, findEarlyEdit } from "./early-edit-repository.ts";
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
  const { rows } = await pool.query<EarlyEdit>(RECENT);
  for (const edit of rows) await inTransaction(pool, (client) => applyKept(client, edit));
}

/**
 * Applies the kept edit of a message that is stored already. Another process may have read the message, so the edit
 * counts as one that came after it.
 */
export async function applyToStored(pool: Pool, message: InboundRow): Promise<void> {
  await inTransaction(pool, async (client) => {
    const edit = await findEarlyEdit(client, message);
    if (edit !== null) await applyKept(client, edit);
  });
}

async function applyKept(
  client: PoolClient,
  { channel_id: channelId, original, row }: EarlyEdit,
): Promise<void> {
  const { kind } = await editWaiting(client, row);
  if (kind !== "held") await client.query(FORGET, [channelId, original, JSON.stringify(row)]);
}
