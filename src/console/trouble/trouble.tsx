import { useNames } from "../live/names.ts";
import { useLive } from "../live/use-live.ts";
import { callApi } from "../server/call.ts";
import type { Delivery, Execution, Failure, Page } from "../server/wire.ts";
import { Choice } from "../shell/choice.tsx";
import { PageHead } from "../shell/page-head.tsx";
import { Problem } from "../shell/problem.tsx";
import { go, hrefOf, queryOf, type Route } from "../shell/route.ts";
import { Deliveries } from "./deliveries.tsx";
import { FailedTurns } from "./failed-turns.tsx";
import { FailedRules } from "./failures.tsx";

const EVERY_MS = 4_000;
const MOST = 50;

/** Failures that wait for somebody: deliveries that failed or have an unknown outcome, failed turns, rules, schedules. */
export function Trouble({ route }: { route: Route }) {
  const { channels } = useNames();
  const channel = route.query.get("channel") ?? "";
  const { data, failure, refresh } = useTroubles(channel);
  return (
    <div class="page">
      <PageHead title="Trouble">
        <Choice
          inline
          label="Channel"
          all="All"
          value={channel}
          onChange={(value) => go(hrefOf("trouble", null, queryOf({ channel: value })))}
        >
          {channels.map(({ name }) => [name, name])}
        </Choice>
      </PageHead>
      <Problem>{failure}</Problem>
      {data === null && failure === null && <p class="empty">Loading…</p>}
      {data !== null && (
        <>
          <Deliveries
            title="Unknown deliveries"
            help="The platform's answer was lost. Look there, then say what became of them."
            page={data.unknown}
            status="unknown"
            channel={channel}
          />
          <Deliveries
            title="Failed deliveries"
            help="The platform refused them, or every attempt failed."
            page={data.failed}
            status="failed"
            channel={channel}
          />
          <FailedTurns page={data.turns} />
          <FailedRules page={data.rules} onChanged={() => void refresh()} />
        </>
      )}
    </div>
  );
}

/** The newest of all that waits. @param channel only this one; empty: all. */
function useTroubles(channel: string) {
  const of = channel === "" ? "" : `&channel=${encodeURIComponent(channel)}`;
  return useLive(
    `trouble ${channel}`,
    async (signal) => {
      const list = <T,>(path: string) => callApi<Page<T>>("GET", `${path}&limit=${MOST}${of}`, { signal });
      const [failed, unknown, turns, rules] = await Promise.all([
        list<Delivery>("/deliveries?status=failed"),
        list<Delivery>("/deliveries?status=unknown"),
        list<Execution>("/executions?status=failed&retried=false"),
        list<Failure>("/failures?"),
      ]);
      return { failed, unknown, turns, rules };
    },
    EVERY_MS,
  );
}
