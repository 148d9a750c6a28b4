import { useNames } from "../live/names.ts";
import { useLive } from "../live/use-live.ts";
import { callApi } from "../server/call.ts";
import type { Stats } from "../server/wire.ts";
import { durationOf } from "../shell/ages.ts";
import { Choice } from "../shell/choice.tsx";
import { go, hrefOf, type Route } from "../shell/route.ts";
import { times } from "../shell/times.ts";
import { type Bucket, bucketsOf, type Total, totalsBy } from "./buckets.ts";
import { type Bar, Chart } from "./chart.tsx";
import { QueueNow } from "./queue-now.tsx";

const EVERY_MS = 30_000;
const ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";

/** The queue now, and numbers by hour or day. */
export function Numbers({ route }: { route: Route }) {
  const { channels, agents } = useNames();
  const interval = route.query.get("interval") === "day" ? "day" : "hour";
  const channel = route.query.get("channel") ?? "";
  const agent = route.query.get("agent") ?? "";
  const set = (change: Record<string, string>) => {
    const all = Object.entries({ interval, channel, agent, ...change });
    const query = new URLSearchParams(
      all.filter(([name, value]) => value !== "" && value !== DEFAULTS[name]),
    );
    go(hrefOf("numbers", null, query.toString()));
  };
  const query = new URLSearchParams({
    interval,
    time_zone: ZONE,
    ...(channel === "" ? {} : { channel }),
    ...(agent === "" ? {} : { agent_id: agent }),
  }).toString();
  const { data, failure } = useLive(
    query,
    async (signal) => {
      const read = (by: string) => callApi<Stats>("GET", `/stats?${query}&group_by=${by}`, { signal });
      const [all, parts] = await Promise.all([read("none"), read("channel,agent")]);
      return { all, parts };
    },
    EVERY_MS,
  );
  return (
    <div class="page">
      <header class="page-head">
        <h2>Queue and speed</h2>
        <div class="form-line">
          <Choice inline label="Time" value={interval} onChange={(value) => set({ interval: value })}>
            {[
              ["hour", "24 hours"],
              ["day", "30 days"],
            ]}
          </Choice>
          <Choice
            inline
            label="Channel"
            all="All"
            value={channel}
            onChange={(value) => set({ channel: value })}
          >
            {channels.map(({ name }) => [name, name])}
          </Choice>
          <Choice inline label="Agent" all="All" value={agent} onChange={(value) => set({ agent: value })}>
            {agents.map(({ slug, name }) => [slug, name])}
          </Choice>
        </div>
      </header>
      <QueueNow />
      {failure !== null && (
        <p class="problem" role="alert">
          {failure}
        </p>
      )}
      {data !== null && (
        <>
          <Charts stats={data.all} />
          <div class="pair">
            <Totals title="By channel" totals={totalsBy(data.parts.data, "channel")} />
            <Totals title="By agent" totals={totalsBy(data.parts.data, "agent")} />
          </div>
          <p class="hint">Hours and days by the clocks of {ZONE}. The API counts the same: GET /stats.</p>
        </>
      )}
    </div>
  );
}

const DEFAULTS: Record<string, string> = { interval: "hour" };

function Charts({ stats }: { stats: Stats }) {
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

function Totals({ title, totals }: { title: string; totals: readonly Total[] }) {
  return (
    <section class="card" aria-label={title}>
      <h3>{title}</h3>
      {totals.length === 0 ? (
        <p class="empty small">Nothing in this time.</p>
      ) : (
        <div class="scrolls" tabIndex={0} role="group" aria-label={`${title}, as a table`}>
          <table>
            <thead>
              <tr>
                {["Name", "Messages", "Turns", "Failed", "Tokens", "Not delivered"].map((name) => (
                  <th key={name} scope="col">
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {totals.map(({ name, messages, turns, failures, tokens, failedDeliveries }) => (
                <tr key={name}>
                  <th scope="row">{name}</th>
                  <td>{messages}</td>
                  <td>{turns}</td>
                  <td>{failures}</td>
                  <td>{tokens}</td>
                  <td>{failedDeliveries}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}
