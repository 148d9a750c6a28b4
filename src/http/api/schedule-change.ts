import { durationMs } from "../../core/duration.ts";
import { type WrittenTimes, writtenTimes } from "../../core/plan-schedule.ts";
import type { Recurrence } from "../../core/recurrence.ts";
import type { Saying } from "../../core/saying.ts";
import type { Schedule, ScheduleChanges } from "../../schedules/schedule.ts";
import { requireSaying } from "./saying-body.ts";
import { count, type ScheduleChangeBody, waysOf } from "./schedule-body.ts";

/** What a request changes of a schedule as it stands. */
export function scheduleChanges(
  current: Schedule,
  body: ScheduleChangeBody,
  recurrenceOf: (times: WrittenTimes) => Recurrence,
): ScheduleChanges {
  return {
    ...(body.name === undefined ? {} : { name: body.name }),
    ...(count(body.prompt_text, body.message_text, body.buttons, body.attachments) === 0
      ? {}
      : { saying: mergedSaying(current.saying, body) }),
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

/** A new text keeps what stands below the old one; new buttons and files keep the text above them. */
function mergedSaying(current: Saying, body: ScheduleChangeBody): Saying {
  const { prompt_text: prompt, message_text: text } = body;
  const { prompt: oldPrompt, text: oldText } = { prompt: undefined, text: undefined, ...current };
  const isOther = count(prompt, text) > 0;
  const saying = isOther ? requireSaying(prompt, text, body) : requireSaying(oldPrompt, oldText, body);
  return "text" in saying && oldText !== undefined ? { ...current, ...saying } : saying;
}

/** A new way to recur replaces the old one; what stands beside it stays where it is not given. */
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
