import type { Total } from "./buckets.ts";
import { NumberTable } from "./number-table.tsx";

const COLUMNS = ["Name", "Messages", "Turns", "Failed", "Tokens", "Not delivered"];

/** The sums of a time, for each channel or agent. */
export function Totals({ title, totals }: { title: string; totals: readonly Total[] }) {
  const rows = totals.map(
    ({ name, messages, turns, failures, tokens, failedDeliveries }) =>
      [name, messages, turns, failures, tokens, failedDeliveries] as const,
  );
  return (
    <section class="card" aria-label={title}>
      <h3>{title}</h3>
      {totals.length === 0 ? (
        <p class="empty small">Nothing in this time.</p>
      ) : (
        <NumberTable title={title} columns={COLUMNS} rows={rows} />
      )}
    </section>
  );
}
