import { useState } from "preact/hooks";
import { useLive } from "../live/use-live.ts";
import { callApi } from "../server/call.ts";
import type { Page, Schedule } from "../server/wire.ts";
import { Choice } from "../shell/choice.tsx";
import { FilterChoices } from "../shell/filter-choices.tsx";
import { PageHead } from "../shell/page-head.tsx";
import { Problem } from "../shell/problem.tsx";
import { go, hrefOf, queryOf, type Route } from "../shell/route.ts";
import { ScheduleCard } from "./schedule-card.tsx";

const EVERY_MS = 5_000;
const MOST = 100;
const STATUSES = ["active", "paused", "completed", "cancelled"];

/** The messages that are sent later, or again and again. */
export function Schedules({ route }: { route: Route }) {
  const given = (name: string) => route.query.get(name) ?? "";
  const [status, channel, agent] = [given("status"), given("channel"), given("agent")];
  const set = (change: Record<string, string>) =>
    go(hrefOf("schedules", null, queryOf({ status, channel, agent, ...change })));
  const query = queryOf({ limit: String(MOST), status, channel, agent_id: agent });
  const { data, failure, refresh } = useLive(
    query,
    (signal) => callApi<Page<Schedule>>("GET", `/schedules?${query}`, { signal }),
    EVERY_MS,
  );
  const [problem, setProblem] = useState<string | null>(null);
  return (
    <div class="page">
      <PageHead title="Schedules">
        <div class="form-line">
          <Choice inline label="Status" all="All" value={status} onChange={(value) => set({ status: value })}>
            {STATUSES.map((name) => [name, name])}
          </Choice>
          <FilterChoices channel={channel} agent={agent} onChange={set} />
        </div>
      </PageHead>
      <Problem>{problem ?? failure}</Problem>
      {data === null && failure === null && <p class="empty">Loading…</p>}
      {data !== null && (
        <ScheduleCards
          page={data}
          isFiltered={status + channel + agent !== ""}
          onChanged={() => {
            setProblem(null);
            void refresh();
          }}
          onProblem={setProblem}
        />
      )}
    </div>
  );
}

function ScheduleCards(props: {
  page: Page<Schedule>;
  isFiltered: boolean;
  onChanged: () => void;
  onProblem: (problem: string) => void;
}) {
  const { data, meta } = props.page;
  return (
    <>
      {data.length === 0 && (
        <p class="empty">
          {props.isFiltered
            ? "No schedule matches."
            : "Nothing is scheduled. Schedules are made over the API, by event rules and by bots."}
        </p>
      )}
      <ul class="schedules">
        {data.map((schedule) => (
          <ScheduleCard
            key={schedule.id}
            schedule={schedule}
            onChanged={props.onChanged}
            onProblem={props.onProblem}
          />
        ))}
      </ul>
      {meta.total > data.length && (
        <p class="hint">
          {meta.total} schedules; the newest {data.length} are shown.
        </p>
      )}
    </>
  );
}
