import type { StatsRow } from "../server/wire.ts";

/** The hours or days of a span, in the reader's own time zone. Those in which nothing happened have no row. */
export interface Bucket {
  start: Date;
  row: StatsRow | null;
}

/** One bucket for each hour or day of a span, in order. Pure. */
export function bucketsOf(
  rows: readonly StatsRow[],
  { interval, since, until }: { interval: "hour" | "day"; since: Date; until: Date },
): Bucket[] {
  const byStart = new Map(rows.map((row) => [new Date(row.start).getTime(), row]));
  const buckets: Bucket[] = [];
  for (let start = startOf(since, interval); start < until; start = next(start, interval)) {
    buckets.push({ start, row: byStart.get(start.getTime()) ?? null });
  }
  return buckets;
}

/** The beginning of the hour or day of a time. */
function startOf(time: Date, interval: "hour" | "day"): Date {
  const start = new Date(time);
  if (interval === "hour") start.setMinutes(0, 0, 0);
  else start.setHours(0, 0, 0, 0);
  return start;
}

/** A day may have 23 or 25 hours. */
function next(start: Date, interval: "hour" | "day"): Date {
  if (interval === "hour") return new Date(start.getTime() + 3_600_000);
  return new Date(start.getFullYear(), start.getMonth(), start.getDate() + 1);
}

/** The numbers of a channel or an agent over the whole span. */
export interface Total {
  name: string;
  messages: number;
  turns: number;
  failures: number;
  tokens: number;
  failedDeliveries: number;
}

/** Adds rows up by channel or by agent, the busiest first. Pure. */
export function totalsBy(rows: readonly StatsRow[], of: "channel" | "agent"): Total[] {
  const totals = new Map<string, Total>();
  for (const row of rows) {
    const name = row[of] ?? "none";
    const total = totals.get(name) ?? {
      name,
      messages: 0,
      turns: 0,
      failures: 0,
      tokens: 0,
      failedDeliveries: 0,
    };
    total.messages += row.messages.in + row.messages.out;
    total.turns += row.turns;
    total.failures += row.failures;
    total.tokens += row.tokens.total;
    total.failedDeliveries += row.deliveries.failed;
    totals.set(name, total);
  }
  return [...totals.values()].sort((left, right) => right.messages - left.messages);
}
