import type { Stats } from "../server/wire.ts";
import { durationOf } from "../shell/ages.ts";
import { times } from "../shell/times.ts";
import { type Bucket, bucketsOf } from "./buckets.ts";
import { type Bar, Chart } from "./chart.tsx";

/** The charts of a time, one for each kind of number. */
export function Charts({ stats }: { stats: Stats }) {
  const { interval, since, until, data } = stats;
  const buckets = bucketsOf(data, { interval, since: new Date(since), until: new Date(until) });
  const bars = (of: (row: NonNullable<Bucket["row"]>) => [number, number]): Bar[] =>
    buckets.map(({ start, row }) => {
      const [all, part] = row === null ? [0, 0] : of(row);
      return { name: nameOf(start, interval), all, part };
    });
  const sum = (of: (row: NonNullable<Bucket["row"]>) => number) =>
    data.reduce((total, row) => total + of(row), 0);
  const slowest = data.reduce((most, { latency_ms: latency }) => Math.max(most, latency?.p95 ?? 0), 0);
  return (
    <div class="charts">
      <Chart
        title="Messages"
        headline={String(sum(({ messages }) => messages.in + messages.out))}
        bars={bars(({ messages }) => [messages.in + messages.out, messages.in])}
        names={{ all: "messages", part: "of users" }}
      />
      <Chart
        title="Turns"
        headline={`${sum(({ turns }) => turns)}, ${sum(({ failures }) => failures)} failed`}
        bars={bars(({ turns, failures }) => [turns, failures])}
        names={{ all: "turns", part: "failed" }}
        isPartBad
      />
      <Chart
        title="Time to answer"
        headline={slowest === 0 ? "no answers" : `slowest p95 ${durationOf(slowest)}`}
        bars={bars(({ latency_ms: latency }) => [latency?.p95 ?? 0, latency?.p50 ?? 0])}
        names={{ all: "ms p95", part: "ms p50" }}
        format={durationOf}
      />
      <Chart
        title="Tokens"
        headline={String(sum(({ tokens }) => tokens.total))}
        bars={bars(({ tokens }) => [tokens.total, tokens.prompt])}
        names={{ all: "tokens", part: "of prompts" }}
      />
      <Chart
        title="Deliveries"
        headline={`${sum(({ deliveries }) => deliveries.total)}, ${sum(({ deliveries }) => deliveries.failed)} failed`}
        bars={bars(({ deliveries }) => [deliveries.total, deliveries.failed])}
        names={{ all: "deliveries", part: "failed" }}
        isPartBad
      />
    </div>
  );
}

const DAY = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric" });

function nameOf(start: Date, interval: "hour" | "day"): string {
  const day = DAY.format(start);
  return interval === "day" ? day : `${day}, ${times.time(start.toISOString())}`;
}
