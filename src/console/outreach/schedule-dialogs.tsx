import { useState } from "preact/hooks";
import { callApi, newIdempotencyKey } from "../server/call.ts";
import type { Schedule } from "../server/wire.ts";
import { Modal } from "../shell/modal.tsx";
import { sendNowBody } from "./schedule-call.ts";

interface ScheduleDialogProps {
  schedule: Schedule;
  onDone: () => void;
  onClose: () => void;
}

/** Asks before a schedule is cancelled for good. */
export function CancelSchedule({ schedule, onDone, onClose }: ScheduleDialogProps) {
  return (
    <Modal
      title="Cancel this schedule"
      act="Cancel schedule"
      isDangerous
      onSubmit={async () => {
        await callApi("DELETE", `/schedules/${schedule.id}`);
        onDone();
      }}
      onClose={onClose}
    >
      <p>Nothing more is sent to {schedule.identifier} by it. It cannot be resumed.</p>
    </Modal>
  );
}

/** Asks before the message of a schedule is sent at once. */
export function SendNow({ schedule, onDone, onClose }: ScheduleDialogProps) {
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
