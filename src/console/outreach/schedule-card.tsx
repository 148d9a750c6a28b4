import { useState } from "preact/hooks";
import { agentName, useNames } from "../live/names.ts";
import { callApi, wordsOf } from "../server/call.ts";
import type { Schedule } from "../server/wire.ts";
import { may } from "../session/who.ts";
import { ChannelBadge } from "../shell/channel-badge.tsx";
import { times } from "../shell/times.ts";
import { timesOf } from "./schedule-call.ts";
import { CancelSchedule, SendNow } from "./schedule-dialogs.tsx";
import { ScheduleRuns } from "./schedule-runs.tsx";
import { TONES } from "./schedule-tones.ts";

interface ScheduleCardProps {
  schedule: Schedule;
  onChanged: () => void;
  onProblem: (problem: string) => void;
}

/** One schedule: its message, its user, its times, and the result of its last run. */
export function ScheduleCard(props: ScheduleCardProps) {
  const { schedule } = props;
  const { status, name, last_run: last } = schedule;
  const words = schedule.message_text ?? schedule.prompt_text ?? "";
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
      <ScheduleFacts schedule={schedule} />
      {last !== null && <ScheduleRuns schedule={schedule} last={last} />}
      {may("trigger:write") && <ScheduleActions {...props} />}
    </li>
  );
}

function ScheduleFacts({ schedule }: { schedule: Schedule }) {
  const names = useNames();
  const next = schedule.next_run_at;
  return (
    <p class="facts">
      <ChannelBadge channel={schedule.channel} />
      <span>to {schedule.identifier}</span>
      <span>{agentName(names, schedule.agent_id)}</span>
      <span>{timesOf(schedule)}</span>
      {next !== null && <span>next {times.full(next)}</span>}
      <span>made by {schedule.made_by}</span>
    </p>
  );
}

function ScheduleActions({ schedule, onChanged, onProblem }: ScheduleCardProps) {
  const [asking, setAsking] = useState<"send" | "cancel" | null>(null);
  const { id, status } = schedule;
  const isOver = status === "completed" || status === "cancelled";

  async function change(to: "active" | "paused"): Promise<void> {
    try {
      await callApi("PATCH", `/schedules/${id}`, { body: { status: to } });
      onChanged();
    } catch (error) {
      onProblem(wordsOf(error));
    }
  }

  const button = (label: string, act: () => void) => (
    <button type="button" class="button small" onClick={act}>
      {label}
    </button>
  );
  const dialog = { schedule, onDone: onChanged, onClose: () => setAsking(null) };
  return (
    <>
      <div class="form-line">
        {button("Send now…", () => setAsking("send"))}
        {!isOver && status === "paused" && button("Resume", () => void change("active"))}
        {!isOver && status !== "paused" && button("Pause", () => void change("paused"))}
        {!isOver && button("Cancel…", () => setAsking("cancel"))}
      </div>
      {asking === "send" && <SendNow {...dialog} />}
      {asking === "cancel" && <CancelSchedule {...dialog} />}
    </>
  );
}
