import { useLive } from "../live/use-live.ts";
import { callApi } from "../server/call.ts";
import type { Queue } from "../server/wire.ts";
import { ChannelBadge } from "../shell/channel-badge.tsx";
import { Link } from "../shell/link.tsx";
import { Problem } from "../shell/problem.tsx";
import { hrefOf, queryOf } from "../shell/route.ts";
import { times } from "../shell/times.ts";

const EVERY_MS = 3_000;
/** Messages that wait longer, while nobody works, mean that no process takes them. */
const STUCK_SECONDS = 15;

/** The work that waits at this moment. */
export function QueueNow() {
  const { data, failure } = useLive(
    "queue",
    (signal) => callApi<Queue>("GET", "/queue", { signal }),
    EVERY_MS,
  );
  if (data === null) return <p class={failure === null ? "empty" : "problem"}>{failure ?? "Loading…"}</p>;
  const { sessions, deliveries, workers, last_minute: lately, channels } = data;
  const isStuck = sessions.waiting > 0 && workers === 0 && (sessions.oldest_seconds ?? 0) > STUCK_SECONDS;
  const busy = channels.filter(
    (one) => one.sessions.waiting + one.deliveries.waiting + one.deliveries.unknown > 0 || one.paused_until,
  );
  return (
    <section class="card" aria-label="Waiting now">
      <h3>Waiting now</h3>
      {isStuck && (
        <Problem>
          Messages wait, and no process answers them. Look if a process with the role <code>all</code> or{" "}
          <code>worker</code> runs.
        </Problem>
      )}
      <dl class="figures">
        <Figure name="Conversations" value={String(sessions.waiting)} />
        <Figure name="Oldest message" value={ageIn(sessions.oldest_seconds)} />
        <Figure name="Deliveries" value={String(deliveries.waiting)} />
        <Figure name="Oldest delivery" value={ageIn(deliveries.oldest_seconds)} />
        <Figure name="Processes at work" value={String(workers)} />
        <Figure name="Answered / min" value={String(lately.turns)} />
        <Figure name="Sent / min" value={String(lately.sent)} />
      </dl>
      {busy.length > 0 && <BusyChannels channels={busy} />}
    </section>
  );
}

function BusyChannels({ channels }: { channels: Queue["channels"] }) {
  return (
    <ul class="reach" aria-label="Channels with waiting work">
      {channels.map(({ channel, sessions, deliveries, paused_until: paused }) => (
        <li key={channel}>
          <ChannelBadge channel={channel} />
          <span>{counted(sessions.waiting, "conversation", "conversations")}</span>
          <span>{counted(deliveries.waiting, "delivery", "deliveries")}</span>
          {deliveries.retried > 0 && <span class="chip wait">{deliveries.retried} tried again</span>}
          {deliveries.unknown > 0 && (
            <Link href={hrefOf("trouble", null, queryOf({ channel }))}>{deliveries.unknown} unknown</Link>
          )}
          {paused !== null && <span class="chip wait">paused until {times.time(paused)}</span>}
        </li>
      ))}
    </ul>
  );
}

const counted = (count: number, one: string, many: string) => `${count} ${count === 1 ? one : many}`;

function Figure({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

/** An age in whole units: `40 s`, `3 min`, `2 h`. */
function ageIn(seconds: number | null): string {
  if (seconds === null) return "none";
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5_400) return `${Math.round(seconds / 60)} min`;
  return `${Math.round(seconds / 3_600)} h`;
}
