import type { UnpromptedMessage } from "../../../core/message/unprompted-message.ts";
import { type WrittenTimes, writtenTimes } from "../../../core/schedule/plan-schedule.ts";
import type { Recurrence } from "../../../core/schedule/recurrence.ts";
import { durationMs } from "../../../core/time/duration.ts";
import type { Schedule, ScheduleChanges } from "../../../schedules/schedule.ts";
import { requireUnprompted } from "../trigger/unprompted-body.ts";
import { count, type ScheduleChangeBody, waysOf } from "./schedule-body.ts";

/** The changes that a request makes to a schedule. */
export function scheduleChanges(
  current: Schedule,
  body: ScheduleChangeBody,
  recurrenceOf: (times: WrittenTimes) => Recurrence,
): ScheduleChanges {
  return {
    ...(body.name === undefined ? {} : { name: body.name }),
    ...(count(body.prompt_text, body.message_text, body.format, body.buttons, body.attachments) === 0
      ? {}
      : { message: mergedMessage(current.message, body) }),
    ...(isMoved(body)
      ? { recurrence: recurrenceOf(mergedTimes(writtenTimes(current.recurrence), body)) }
      : {}),
    ...(body.max_runs === undefined ? {} : { maxRuns: body.max_runs }),
    ...(body.max_delay === undefined
      ? {}
      : { graceMs: body.max_delay === null ? null : durationMs(body.max_delay) }),
    ...(body.status === undefined ? {} : { status: body.status }),
  };
}

function isMoved(body: ScheduleChangeBody): boolean {
  return count(...waysOf(body), body.timezone, body.starts_at, body.ends_at) > 0;
}

/** A new text keeps the old format, buttons and files. New buttons and files keep the old text. */
function mergedMessage(current: UnpromptedMessage, body: ScheduleChangeBody): UnpromptedMessage {
  const { prompt_text: prompt, message_text: text } = body;
  const { prompt: oldPrompt, text: oldText } = { prompt: undefined, text: undefined, ...current };
  const isOther = count(prompt, text) > 0;
  const message = isOther
    ? requireUnprompted(prompt, text, body)
    : requireUnprompted(oldPrompt, oldText, body);
  if (!("text" in message) || oldText === undefined) return message;
  const { format, ...kept } = { ...current, ...message };
  return body.format === "text" || format === undefined ? kept : { ...kept, format };
}

/** A new recurrence replaces the old one. Other times stay if they are not given. */
function mergedTimes(current: WrittenTimes, body: ScheduleChangeBody): WrittenTimes {
  const recurs = count(...waysOf(body)) > 0;
  const { at, every, cron, rrule } = recurs ? body : current;
  return {
    at,
    every,
    cron,
    rrule,
    timezone: body.timezone ?? current.timezone,
    startsAt: body.starts_at !== undefined ? body.starts_at : recurs ? null : current.startsAt,
    endsAt: body.ends_at !== undefined ? body.ends_at : current.endsAt,
  };
}
