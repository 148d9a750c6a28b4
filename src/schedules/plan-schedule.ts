import { durationMs } from "../core/duration.ts";
import { fromWallClock, isTimezone } from "../core/wall-clock.ts";
import { cronProblem, nextRun, type Recurrence } from "./recurrence.ts";

/** When a schedule is to run, as callers write it. Times without an offset are the wall clock of `timezone`. */
export interface WrittenTimes {
  /** One of these three. */
  at?: string | undefined;
  every?: string | undefined;
  cron?: string | undefined;
  timezone: string;
  startsAt?: string | null | undefined;
  endsAt?: string | null | undefined;
}

export type Plan =
  | { kind: "planned"; recurrence: Recurrence; nextRunAt: Date }
  | { kind: "refused"; code: "invalid_timezone" | "invalid_cron" | "never_due"; reason: string };

/** What callers wrote as a recurrence that will come due, or why it will not. Pure. */
export function planSchedule(written: WrittenTimes, now: Date): Plan {
  const { timezone } = written;
  if (!isTimezone(timezone)) {
    return { kind: "refused", code: "invalid_timezone", reason: `${timezone} is no IANA time zone.` };
  }
  const problem = written.cron === undefined ? null : cronProblem(written.cron, timezone);
  if (problem !== null)
    return { kind: "refused", code: "invalid_cron", reason: `The cron pattern: ${problem}.` };
  const recurrence = toRecurrence(written, now);
  const nextRunAt = nextRun(recurrence, now);
  if (nextRunAt !== null) return { kind: "planned", recurrence, nextRunAt };
  return {
    kind: "refused",
    code: "never_due",
    reason: "The schedule would never come due: its time is past.",
  };
}

function toRecurrence({ at, every, cron, timezone, startsAt, endsAt }: WrittenTimes, now: Date): Recurrence {
  const moment = (text: string) => readMoment(text, timezone);
  const ends = endsAt ? moment(endsAt) : null;
  const frame = { timezone, endsAt: ends };
  if (at !== undefined) return { ...frame, kind: "at", startsAt: moment(at) };
  if (every === undefined) {
    return { ...frame, kind: "cron", cron: cron ?? "", startsAt: startsAt ? moment(startsAt) : now };
  }
  const everyMs = durationMs(every);
  const first = startsAt ? moment(startsAt) : new Date(now.getTime() + everyMs);
  return { ...frame, kind: "interval", everyMs, startsAt: first };
}

/** With an offset, that moment; without one, when the wall clock of the zone shows it. */
function readMoment(text: string, timezone: string): Date {
  const isAbsolute = /(?:Z|[+-]\d\d:\d\d)$/i.test(text);
  return isAbsolute ? new Date(text) : fromWallClock(Date.parse(`${text}Z`), timezone);
}
