import { useState } from "preact/hooks";
import { callApi, wordsOf } from "../server/call.ts";
import type { Page, Schedule, ScheduleRun } from "../server/wire.ts";
import { Age } from "../shell/age.tsx";
import { Link } from "../shell/link.tsx";
import { hrefOf } from "../shell/route.ts";
import { TONES } from "./schedule-tones.ts";

/** The last run, and all of them once it is unfolded. */
export function ScheduleRuns({ schedule, last }: { schedule: Schedule; last: ScheduleRun }) {
  const [runs, setRuns] = useState<readonly ScheduleRun[] | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  async function load(): Promise<void> {
    try {
      setRuns((await callApi<Page<ScheduleRun>>("GET", `/schedules/${schedule.id}/runs?limit=50`)).data);
    } catch (error) {
      setFailure(wordsOf(error));
    }
  }
  return (
    <>
      <Run run={last} />
      {schedule.runs > 1 && runs === null && (
        <button type="button" class="link" onClick={() => void load()}>
          All {schedule.runs} runs
        </button>
      )}
      {failure !== null && <p class="problem">{failure}</p>}
      {runs?.slice(1).map((run) => (
        <Run key={run.due_at} run={run} />
      ))}
    </>
  );
}

function Run({ run }: { run: ScheduleRun }) {
  return (
    <p class="facts">
      <span>
        run <Age at={run.due_at} />
      </span>
      <span class={`chip ${TONES[run.status] ?? ""}`}>{run.status}</span>
      {run.reason !== null && <span>{run.reason}</span>}
      {run.session_id !== null && <Link href={hrefOf("conversations", run.session_id)}>Conversation</Link>}
    </p>
  );
}
