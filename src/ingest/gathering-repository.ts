import type { PoolClient } from "pg";
import { holdPart, isAlbumKnown, joinAlbum, lockAlbum, takeHeldParts } from "./album-repository.ts";
import { editWaiting } from "./edit-repository.ts";
import { storeInbound } from "./inbound-repository.ts";
import type { InboundOutcome, InboundRow, LeaseClaim } from "./inbound-row.ts";
import { addToMessage, findSupplemented } from "./supplement-repository.ts";

/**
 * Stores messages in the caller's transaction, in order. Most messages share one statement. A message that may belong to
 * another one is stored alone. So it sees the messages before it.
 */
export async function storeGathered(
  client: PoolClient,
  rows: readonly InboundRow[],
  lease: LeaseClaim,
): Promise<InboundOutcome[]> {
  const outcomes: InboundOutcome[] = [];
  for (const run of runsOf(rows)) {
    outcomes.push(
      ...(run.kind === "plain"
        ? await storeInbound(client, run.rows, lease)
        : [await storeOne(client, run.row, lease)]),
    );
  }
  return outcomes;
}

type Run = { kind: "plain"; rows: InboundRow[] } | { kind: "gathers"; row: InboundRow };

/** The rows in their order, with as few statements as possible. */
function runsOf(rows: readonly InboundRow[]): Run[] {
  const runs: Run[] = [];
  for (const row of rows) {
    const last = runs.at(-1);
    if (row.gathering !== null) runs.push({ kind: "gathers", row });
    else if (last?.kind === "plain") last.rows.push(row);
    else runs.push({ kind: "plain", rows: [row] });
  }
  return runs;
}

async function storeOne(client: PoolClient, row: InboundRow, lease: LeaseClaim): Promise<InboundOutcome> {
  if (row.gathering?.edits) return editWaiting(client, row);
  const albumKey = row.gathering?.albumKey ?? null;
  if (albumKey !== null) return storePart(client, row, albumKey, lease);
  const outcome = await storeAlone(client, row, lease);
  return outcome.kind === "duplicate" ? supplement(client, row, lease) : outcome;
}

/** A part joins its album while the album waits for its turn. Otherwise it begins its own message. */
async function storePart(
  client: PoolClient,
  row: InboundRow,
  albumKey: string,
  lease: LeaseClaim,
): Promise<InboundOutcome> {
  await lockAlbum(client, row.channelId, albumKey);
  if (row.gathering?.onlyWithAlbum && !(await isAlbumKnown(client, row.channelId, albumKey))) {
    await holdPart(client, row, albumKey);
    return { kind: "held" };
  }
  const outcome = (await joinAlbum(client, row, albumKey)) ?? (await storeAlone(client, row, lease));
  // Earlier parts were held for a part that is for the bot, which this part is.
  for (const held of await takeHeldParts(client, row.channelId, albumKey)) {
    await joinAlbum(client, held, albumKey);
  }
  return outcome;
}

/** A second event of a stored message. Its new content joins the message, or follows as its own message. */
async function supplement(client: PoolClient, row: InboundRow, lease: LeaseClaim): Promise<InboundOutcome> {
  const found = await findSupplemented(client, row);
  if (found === null) return { kind: "duplicate" };
  if (found.isOpen) {
    await addToMessage(client, found, row);
    return { kind: "joined", sessionId: found.sessionId, messageId: found.messageId };
  }
  return storeAlone(client, { ...row, ...found.added, title: null, choice: null }, lease);
}

async function storeAlone(client: PoolClient, row: InboundRow, lease: LeaseClaim): Promise<InboundOutcome> {
  const [outcome] = await storeInbound(client, [row], lease);
  if (outcome === undefined) throw new Error("a stored message has no outcome");
  return outcome;
}
