import { useState } from "preact/hooks";
import { useNames } from "../live/names.ts";
import { useLive } from "../live/use-live.ts";
import { callApi } from "../server/call.ts";
import type { Page, Schedule } from "../server/wire.ts";
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
          <Choice
            label="Status"
            value={status}
            names={STATUSES}
            onChange={(value) => set({ status: value })}
          />
          <Choice
            label="Channel"
            value={channel}
            names={channels.map(({ name }) => name)}
            onChange={(value) => set({ channel: value })}
          />
          <Choice
            label="Agent"
            value={agent}
            names={agents.map(({ slug }) => slug)}
            onChange={(value) => set({ agent: value })}
          />
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

function Choice(props: {
  label: string;
  value: string;
  names: readonly string[];
  onChange: (value: string) => void;
}) {
  return (
    <label class="field inline">
      <span>{props.label}</span>
      <select value={props.value} onChange={({ currentTarget }) => props.onChange(currentTarget.value)}>
        <option value="">All</option>
        {props.names.map((name) => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}
