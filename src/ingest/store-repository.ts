import type { Pool, PoolClient } from "pg";
import { lockAccess } from "../access/grants-repository.ts";
import { editHeld } from "../access/requests-repository.ts";
import { inTransaction } from "../storage/transaction.ts";
import { askAccess } from "./access-repository.ts";
import { takeEarlyEdit } from "./early-edit-repository.ts";
import { heldEdit } from "./edit-repository.ts";
import { storeGathered } from "./gathering-repository.ts";
import { storeAtOnce } from "./inbound-repository.ts";
import type { InboundOutcome, InboundRow, LeaseClaim, ReleasedMessage } from "./inbound-row.ts";
import { findStrangers } from "./strangers-repository.ts";

/**
 * Stores messages in one commit, in order. If everybody may talk to the bot and no message belongs to another one, that
 * is one statement.
 */
export async function storeMessages(
  pool: Pool,
  rows: readonly InboundRow[],
  lease: LeaseClaim,
): Promise<InboundOutcome[]> {
  const areAllPlain = rows.every(({ gathering, access }) => gathering === null && access === null);
  if (areAllPlain) return storeAtOnce(pool, rows, lease);
  return inTransaction(pool, async (client) =>
    rows.every(({ access }) => access === null)
      ? storeGathered(client, rows, lease)
      : storeAdmitted(client, rows, lease),
  );
}

/** Stores the messages whose senders may talk to the bot, with those that waited. The others are held or refused. */
async function storeAdmitted(
  client: PoolClient,
  rows: readonly InboundRow[],
  lease: LeaseClaim,
): Promise<InboundOutcome[]> {
  const strangers = await findStrangers(client, rows);
  await lockAccess(
    client,
    [...strangers].map(({ channelId }) => channelId),
  );
  const toStore: InboundRow[] = [];
  const plans: { outcome: InboundOutcome | null; waited: number; storedAs?: InboundRow }[] = [];
  for (const row of rows) {
    const asked = strangers.has(row)
      ? await askAccess(client, row)
      : ({ kind: "admitted", row, held: [] } as const);
    if (asked.kind === "admitted") {
      toStore.push(...asked.held, asked.row);
      const replaced = asked.row === row ? {} : { storedAs: asked.row };
      plans.push({ outcome: null, waited: asked.held.length, ...replaced });
    } else {
      if (asked.outcome.kind === "pending") await applyToHeld(client, row);
      plans.push({ outcome: asked.outcome, waited: 0 });
    }
  }
  const stored = await storeGathered(client, toStore, lease);
  let next = 0;
  const take = (): ReleasedMessage => {
    const row = toStore[next];
    const outcome = stored[next++];
    if (row === undefined || outcome === undefined) throw new Error("a stored message has no outcome");
    return { row, outcome };
  };
  return plans.map(({ outcome, waited, ...replaced }) => {
    if (outcome !== null) return outcome;
    const released = Array.from({ length: waited }, take);
    return { ...replaced, ...take().outcome, ...(released.length === 0 ? {} : { released }) };
  });
}

/** Gives a message that is held now the words of its early edit. */
async function applyToHeld(client: PoolClient, row: InboundRow): Promise<void> {
  const edit = await takeEarlyEdit(client, row);
  const words = edit && heldEdit(edit);
  if (words === null) return;
  await editHeld(client, { channelId: row.channelId, identifier: row.userIdentifier }, words);
}
