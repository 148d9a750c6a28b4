import { useState } from "preact/hooks";
import { agentName, useNames } from "../live/names.ts";
import { callApi, newIdempotencyKey, wordsOf } from "../server/call.ts";
import type { Page, Schedule, ScheduleRun } from "../server/wire.ts";
import { may } from "../session/who.ts";
import { Age } from "../shell/age.tsx";
import { ChannelBadge } from "../shell/channel-badge.tsx";
import { Link } from "../shell/link.tsx";
import { Modal } from "../shell/modal.tsx";
import { hrefOf } from "../shell/route.ts";
import { times } from "../shell/times.ts";
import { sendNowBody, timesOf } from "./schedule-call.ts";

const TONES: Partial<Record<string, string>> = {
  active: "good",
  paused: "wait",
  delivered: "good",
  sent: "good",
  failed: "bad",
  unreachable: "bad",
};

/** One schedule: its message, its user, its times, and the result of its last run. */
export function ScheduleCard(props: {
  schedule: Schedule;
  onChanged: () => void;
  onProblem: (problem: string) => void;
}) {
  const { schedule, onChanged, onProblem } = props;
  const names = useNames();
  const [asking, setAsking] = useState<"send" | "cancel" | null>(null);
  const { id, status, name, identifier, channel, next_run_at: next } = schedule;
  const words = schedule.message_text ?? schedule.prompt_text ?? "";
  const isOver = status === "completed" || status === "cancelled";

  async function change(to: "active" | "paused"): Promise<void> {
    try {
      await callApi("PATCH", `/schedules/${id}`, { body: { status: to } });
      onChanged();
    } catch (error) {
      onProblem(wordsOf(error));
    }
  }

  return (
    <li class="card" data-status={status}>
      <header>
        <h3 dir="auto">{name ?? words}</h3>
        <span class={`chip ${TONES[status] ?? ""}`}>{status}</span>
      </header>
      {name !== null && (
        <p class="quoted" dir="auto">
          {schedule.message_text === null && "Instruction: "}
          {words}
        </p>
      )}
      <p class="facts">
        <ChannelBadge channel={channel} />
        <span>to {identifier}</span>
        <span>{agentName(names, schedule.agent_id)}</span>
        <span>{timesOf(schedule)}</span>
        {next !== null && <span>next {times.full(next)}</span>}
        <span>made by {schedule.made_by}</span>
      </p>
      {schedule.last_run !== null && <Runs schedule={schedule} last={schedule.last_run} />}
      {may("trigger:write") && (
        <div class="form-line">
          <button type="button" class="button small" onClick={() => setAsking("send")}>
            Send now…
          </button>
          {!isOver && (
            <>
              <button
                type="button"
                class="button small"
                onClick={() => void change(status === "paused" ? "active" : "paused")}
              >
                {status === "paused" ? "Resume" : "Pause"}
              </button>
              <button type="button" class="button small" onClick={() => setAsking("cancel")}>
                Cancel…
              </button>
            </>
          )}
        </div>
      )}
      {asking === "send" && (
        <SendNow schedule={schedule} onDone={onChanged} onClose={() => setAsking(null)} />
      )}
      {asking === "cancel" && (
        <Modal
          title="Cancel this schedule"
          act="Cancel schedule"
          isDangerous
          onSubmit={async () => {
            await callApi("DELETE", `/schedules/${id}`);
            onChanged();
          }}
          onClose={() => setAsking(null)}
        >
          <p>Nothing more is sent to {identifier} by it. It cannot be resumed.</p>
        </Modal>
      )}
    </li>
  );
}

/** The last run, and all of them once it is unfolded. */
function Runs({ schedule, last }: { schedule: Schedule; last: ScheduleRun }) {
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

function SendNow(props: { schedule: Schedule; onDone: () => void; onClose: () => void }) {
  const { schedule, onDone, onClose } = props;
  // One key for the dialog, so that a repeated attempt sends once.
  const [key] = useState(newIdempotencyKey);
  return (
    <Modal
      title="Send now"
      act="Send"
      onSubmit={async () => {
        const body = sendNowBody(schedule);
        await callApi("POST", "/trigger_bot_message", { body, idempotencyKey: key });
        onDone();
      }}
      onClose={onClose}
    >
      <p>
        {schedule.identifier} gets this message now, beside the scheduled ones. The schedule itself does not
        change.
      </p>
      <p class="quoted" dir="auto">
        {schedule.message_text ?? schedule.prompt_text}
      </p>
    </Modal>
  );
}
