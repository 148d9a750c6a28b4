import { useState } from "preact/hooks";
import { useNames } from "../live/names.ts";
import { useLive } from "../live/use-live.ts";
import { callApi } from "../server/call.ts";
import type { Page, Schedule } from "../server/wire.ts";
import { Choice } from "../shell/choice.tsx";
import { go, hrefOf, type Route } from "../shell/route.ts";
import { ScheduleCard } from "./schedule-card.tsx";

const EVERY_MS = 5_000;
const MOST = 100;
const STATUSES = ["active", "paused", "completed", "cancelled"];

/** The messages that are sent later, or again and again. */
export function Schedules({ route }: { route: Route }) {
  const { agents, channels } = useNames();
  const given = (name: string) => route.query.get(name) ?? "";
  const [status, channel, agent] = [given("status"), given("channel"), given("agent")];
  const set = (change: Record<string, string>) => {
    const all = Object.entries({ status, channel, agent, ...change }).filter(([, value]) => value !== "");
    go(hrefOf("schedules", null, new URLSearchParams(all).toString()));
  };
  const query = new URLSearchParams({
    limit: String(MOST),
    ...(status === "" ? {} : { status }),
    ...(channel === "" ? {} : { channel }),
    ...(agent === "" ? {} : { agent_id: agent }),
  }).toString();
  const [problem, setProblem] = useState<string | null>(null);
  const { data, failure, refresh } = useLive(
    query,
    (signal) => callApi<Page<Schedule>>("GET", `/schedules?${query}`, { signal }),
    EVERY_MS,
  );
  return (
    <div class="page">
      <header class="page-head">
        <h2>Schedules</h2>
        <div class="form-line">
          <Choice inline label="Status" all="All" value={status} onChange={(value) => set({ status: value })}>
            {STATUSES.map((name) => [name, name])}
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
            {agents.map(({ slug }) => [slug, slug])}
          </Choice>
        </div>
      </header>
      {(problem ?? failure) !== null && (
        <p class="problem" role="alert">
          {problem ?? failure}
        </p>
      )}
      {data === null && failure === null && <p class="empty">Loading…</p>}
      {data?.data.length === 0 && (
        <p class="empty">
          Nothing is scheduled. Schedules are made over the API, by event rules and by bots.
        </p>
      )}
      <ul class="schedules">
        {data?.data.map((schedule) => (
          <ScheduleCard
            key={schedule.id}
            schedule={schedule}
            onChanged={() => {
              setProblem(null);
              void refresh();
            }}
            onProblem={setProblem}
          />
        ))}
      </ul>
      {data !== null && data.meta.total > data.data.length && (
        <p class="hint">
          {data.meta.total} schedules; the newest {data.data.length} are shown.
        </p>
      )}
    </div>
  );
}
