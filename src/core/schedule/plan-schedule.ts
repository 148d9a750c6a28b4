import { durationMs } from "../time/duration.ts";
import { fromWallClock, isTimezone } from "../time/wall-clock.ts";
import { cronProblem, nextRun, type Recurrence } from "./recurrence.ts";
import { hasRuns, normalRule, ruleProblem } from "./recurrence-rule.ts";

/** The times of a schedule, as callers write them. Times without an offset follow the wall clock of `timezone`. */
export interface WrittenTimes {
  /** Exactly one of the next four is set. */
  at?: string | undefined;
  every?: string | undefined;
  cron?: string | undefined;
  rrule?: string | undefined;
  timezone: string;
  startsAt?: string | null | undefined;
  endsAt?: string | null | undefined;
}

export type Plan =
  | { kind: "planned"; recurrence: Recurrence; nextRunAt: Date }
  | { kind: "refused"; code: PlanProblem; reason: string };

export type PlanProblem = "invalid_timezone" | "invalid_cron" | "invalid_rrule" | "never_due";

const NO_RUNS =
  "The rule has no run among the first 1,000 of its periods: name the days it is for by a longer FREQ, such as YEARLY.";

/** Converts a caller's input to a recurrence that will run, or returns the reason why it will not. Pure. */
export function planSchedule(written: WrittenTimes, now: Date): Plan {
  const { timezone } = written;
  if (!isTimezone(timezone)) {
    return { kind: "refused", code: "invalid_timezone", reason: `${timezone} is no IANA time zone.` };
  }
  const recurrence = toRecurrence(written, now);
  if (recurrence.kind === "cron") {
    const problem = cronProblem(recurrence.cron, timezone);
    if (problem !== null)
      return { kind: "refused", code: "invalid_cron", reason: `The cron pattern: ${problem}.` };
  }
  if (recurrence.kind === "rrule") {
    const problem = ruleProblem(recurrence);
    if (problem !== null) return { kind: "refused", code: "invalid_rrule", reason: `The rule: ${problem}.` };
    if (!hasRuns(recurrence)) return { kind: "refused", code: "never_due", reason: NO_RUNS };
  }
  const nextRunAt = nextRun(recurrence, now);
  if (nextRunAt !== null) return { kind: "planned", recurrence, nextRunAt };
  return {
    kind: "refused",
    code: "never_due",
    reason: "The schedule would never come due: its time is past.",
  };
}

function toRecurrence(written: WrittenTimes, now: Date): Recurrence {
  const { at, every, cron, rrule, timezone, startsAt, endsAt } = written;
  const moment = (text: string) => readMoment(text, timezone);
  const frame = { timezone, endsAt: endsAt ? moment(endsAt) : null };
  const starts = startsAt ? moment(startsAt) : null;
  if (at !== undefined) return { ...frame, kind: "at", startsAt: moment(at) };
  if (every !== undefined) {
    const everyMs = durationMs(every);
    return { ...frame, kind: "interval", everyMs, startsAt: starts ?? new Date(now.getTime() + everyMs) };
  }
  if (rrule !== undefined) {
    // Rules have no fractions of seconds, and a start in the past does not count as a run.
    const soon = new Date(Math.floor(now.getTime() / 1_000) * 1_000 + 1_000);
    return { ...frame, kind: "rrule", rrule: normalRule(rrule), startsAt: starts ?? soon };
  }
  return { ...frame, kind: "cron", cron: cron ?? "", startsAt: starts ?? now };
}

/** With an offset: that moment. Without one: the moment when the wall clock of the zone shows the time. */
function readMoment(text: string, timezone: string): Date {
  const isAbsolute = /(?:Z|[+-]\d\d:\d\d)$/i.test(text);
  return isAbsolute ? new Date(text) : fromWallClock(Date.parse(`${text}Z`), timezone);
}

/** The times of a schedule in the form in which callers write them. */
export function writtenTimes(recurrence: Recurrence): WrittenTimes {
  const { timezone, kind } = recurrence;
  const startsAt = recurrence.startsAt.toISOString();
  const endsAt = recurrence.endsAt?.toISOString() ?? null;
  if (kind === "at") return { at: startsAt, timezone, startsAt: null, endsAt };
  const frame = { timezone, startsAt, endsAt };
  if (kind === "cron") return { ...frame, cron: recurrence.cron };
  if (kind === "rrule") return { ...frame, rrule: recurrence.rrule };
  return { ...frame, every: durationText(recurrence.everyMs) };
}

/** The duration in the largest unit that divides it exactly. */
export function durationText(ms: number): string {
  const units = [
    ["d", 86_400_000],
    ["h", 3_600_000],
    ["m", 60_000],
  ] as const;
  const unit = units.find(([, size]) => ms % size === 0);
  return unit ? `${ms / unit[1]}${unit[0]}` : `${ms / 1000}s`;
}
