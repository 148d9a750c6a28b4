import { Choice } from "../shell/choice.tsx";
import { FilterChoices } from "../shell/filter-choices.tsx";
import { PageHead } from "../shell/page-head.tsx";
import { Problem } from "../shell/problem.tsx";
import { go, hrefOf, queryOf, type Route } from "../shell/route.ts";
import { totalsBy } from "./buckets.ts";
import { Charts } from "./charts.tsx";
import { QueueNow } from "./queue-now.tsx";
import { Totals } from "./totals.tsx";
import { useStats } from "./use-stats.ts";

const ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";

/** The queue now, and numbers by hour or day. */
export function Numbers({ route }: { route: Route }) {
  const interval = route.query.get("interval") === "day" ? "day" : "hour";
  const channel = route.query.get("channel") ?? "";
  const agent = route.query.get("agent") ?? "";
  const set = (change: Record<string, string>) => {
    const { interval: chosen, ...filters } = { interval, channel, agent, ...change };
    go(hrefOf("numbers", null, queryOf({ interval: chosen === "hour" ? "" : chosen, ...filters })));
  };
  const { data, failure } = useStats(queryOf({ interval, time_zone: ZONE, channel, agent_id: agent }));
  return (
    <div class="page">
      <PageHead title="Queue and speed">
        <div class="form-line">
          <Choice inline label="Time" value={interval} onChange={(value) => set({ interval: value })}>
            {[
              ["hour", "24 hours"],
              ["day", "30 days"],
            ]}
          </Choice>
          <FilterChoices channel={channel} agent={agent} onChange={set} />
        </div>
      </PageHead>
      <QueueNow />
      <Problem>{failure}</Problem>
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
