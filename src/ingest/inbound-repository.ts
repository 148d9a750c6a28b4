import type { Pool, PoolClient } from "pg";
import { storableJson } from "../core/text/text.ts";
import { applyEarlyEdit } from "./early-edit-repository.ts";
import { type ResultRow, toOutcome, toRecord } from "./inbound-record.ts";
import type { InboundOutcome, InboundRow, LeaseClaim } from "./inbound-row.ts";
import { STORE_INBOUND } from "./store-inbound-statement.ts";

/** Stores messages in one statement. Returns one outcome per row, in the given order. */
export async function storeInbound(
  client: Pool | PoolClient,
  rows: readonly InboundRow[],
  lease: LeaseClaim,
): Promise<InboundOutcome[]> {
  const { rows: results } = await client.query<ResultRow>({
    name: "store_inbound",
    text: STORE_INBOUND,
    // Platforms pass on names that people choose, and one NUL in them would block a message for good.
    values: [storableJson(rows.map(toRecord)), lease.claim, lease.owner, lease.leaseMs],
  });
  const outcomes = results.map(toOutcome);
  for (const [index, { edited }] of results.entries()) {
    const row = rows[index];
    const outcome = outcomes[index];
    if (edited && row !== undefined && outcome?.kind === "accepted")
      outcomes[index] = await applyEarlyEdit(client, row, outcome);
  }
  return outcomes;
}
