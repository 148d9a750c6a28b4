import { Cron } from "croner";
import { assertNever } from "../assert-never.ts";
import { DAY_MS, fromWallClock, toWallClock } from "../time/wall-clock.ts";
import { nextByRule } from "./recurrence-rule.ts";

/** The times of a schedule. `timezone` is an IANA zone; days, cron patterns and rules follow its wall clock. */
export type Recurrence = { startsAt: Date; endsAt: Date | null; timezone: string } & (
  | { kind: "at" }
  /** Repeats every `everyMs` from `startsAt`. Intervals of whole days keep their time on the wall clock. */
  | { kind: "interval"; everyMs: number }
  | { kind: "cron"; cron: string }
  /** A recurrence rule of RFC 5545, whose DTSTART is `startsAt`. */
  | { kind: "rrule"; rrule: string }
);

/** The first run after a moment; null if there is none. */
export function nextRun(recurrence: Recurrence, after: Date): Date | null {
  const next = candidate(recurrence, after);
  return next === null || (recurrence.endsAt !== null && next > recurrence.endsAt) ? null : next;
}

function candidate(recurrence: Recurrence, after: Date): Date | null {
  const { startsAt, timezone } = recurrence;
  switch (recurrence.kind) {
    case "at":
      return startsAt > after ? startsAt : null;
    case "interval":
      return nextInterval(startsAt, recurrence.everyMs, timezone, after);
    case "cron":
      return nextByCron(
        recurrence.cron,
        timezone,
        startsAt > after ? new Date(startsAt.getTime() - 1) : after,
      );
    case "rrule":
      return nextByRule(recurrence, after);
    default:
      return assertNever(recurrence, "recurrence");
  }
}

/**
 * Patterns that name hours follow the wall clock, as whole days and rules do. A skipped time runs that much later. The
 * others (`0 * * * *`) run every hour, including an hour that clocks show twice.
 */
function nextByCron(pattern: string, timezone: string, after: Date): Date | null {
  const fields = pattern.trim().split(/\s+/);
  const hours = fields[fields.length === 6 ? 2 : 1] ?? "";
  const isNickname = pattern.trim().startsWith("@");
  if (/^\*(?:\/\d+)?$/.test(hours) || (isNickname && /^@hourly$/i.test(pattern.trim()))) {
    return new Cron(pattern, { timezone, paused: true }).nextRun(after);
  }
  const onWall = new Cron(pattern, { timezone: "UTC", paused: true });
  // After a skipped time, the wall clock shows a later time than the run's own. So the search starts a day earlier.
  let shown = toWallClock(after, timezone) - DAY_MS;
  for (;;) {
    const next = onWall.nextRun(new Date(shown));
    if (next === null) return null;
    const moment = fromWallClock(next.getTime(), timezone);
    if (moment > after) return moment;
    shown = next.getTime();
  }
}

function nextInterval(startsAt: Date, everyMs: number, timezone: string, after: Date): Date {
  if (startsAt > after) return startsAt;
  if (everyMs % DAY_MS !== 0) {
    const passed = Math.floor((after.getTime() - startsAt.getTime()) / everyMs);
    return new Date(startsAt.getTime() + (passed + 1) * everyMs);
  }
  const first = toWallClock(startsAt, timezone);
  let place = Math.max(0, Math.floor((toWallClock(after, timezone) - first) / everyMs));
  for (;;) {
    const next = fromWallClock(first + place * everyMs, timezone);
    if (next > after) return next;
    place += 1;
  }
}

/** The problem of a cron pattern; null: none. */
export function cronProblem(pattern: string, timezone: string): string | null {
  try {
    const cron = new Cron(pattern, { timezone, paused: true });
    return cron.nextRun() === null ? "it never comes due" : null;
  } catch (error) {
    return error instanceof Error ? error.message : "it cannot be read";
  }
}
