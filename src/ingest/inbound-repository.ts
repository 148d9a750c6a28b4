import type { Pool, PoolClient } from "pg";
import { storableJson } from "../core/text/text.ts";
import { applyEarlyEdit } from "./early-edit-repository.ts";
import { type ResultRow, toOutcome, toRecord } from "./inbound-record.ts";
import type { InboundOutcome, InboundRow, LeaseClaim } from "./inbound-row.ts";
import { applyToStored } from "./missed-edits-repository.ts";
import { STORE_INBOUND } from "./store-inbound-statement.ts";

type Accepted = Extract<InboundOutcome, { kind: "accepted" }>;
type ApplyEdit = (row: InboundRow, outcome: Accepted, took: boolean) => Promise<InboundOutcome>;

/** Stores messages in the caller's transaction. Returns one outcome per row, in the given order. */
export function storeInbound(
  client: PoolClient,
  rows: readonly InboundRow[],
  lease: LeaseClaim,
): Promise<InboundOutcome[]> {
  return store(client, rows, lease, (row, outcome) => applyEarlyEdit(client, row, outcome));
}

/**
 * Stores messages in one statement without a transaction. Returns one outcome per row, in the given order. A turn may
 * read a message as soon as it is stored, unless the statement took its lane.
 */
export function storeAtOnce(
  pool: Pool,
  rows: readonly InboundRow[],
  lease: LeaseClaim,
): Promise<InboundOutcome[]> {
  return store(pool, rows, lease, async (row, outcome, took) => {
    if (took) return applyEarlyEdit(pool, row, outcome);
    await applyToStored(pool, row);
    return outcome;
  });
}

async function store(
  client: Pool | PoolClient,
  rows: readonly InboundRow[],
  lease: LeaseClaim,
  applyEdit: ApplyEdit,
): Promise<InboundOutcome[]> {
  const { rows: results } = await client.query<ResultRow>({
    name: "store_inbound",
    text: STORE_INBOUND,
    // Platforms pass on names that people choose, and one NUL in them would block a message for good.
    values: [storableJson(rows.map(toRecord)), lease.claim, lease.owner, lease.leaseMs],
  });
  const outcomes = results.map(toOutcome);
  for (const [index, { edited, took }] of results.entries()) {
    const row = rows[index];
    const outcome = outcomes[index];
    if (edited && row?.origin === "user" && outcome?.kind === "accepted")
      outcomes[index] = await applyEdit(row, outcome, took);
  }
  return outcomes;
}
