import { Cron } from "croner";
import { nextByRule } from "./recurrence-rule.ts";
import { DAY_MS, fromWallClock, toWallClock } from "./wall-clock.ts";

/** When a schedule runs. `timezone` is an IANA zone; days, cron patterns and rules follow its wall clock. */
export type Recurrence = { startsAt: Date; endsAt: Date | null; timezone: string } & (
  | { kind: "at" }
  /** Every so many milliseconds from `startsAt`; whole days keep their time on the wall. */
  | { kind: "interval"; everyMs: number }
  | { kind: "cron"; cron: string }
  /** A recurrence rule of RFC 5545, whose DTSTART is `startsAt`. */
  | { kind: "rrule"; rrule: string }
);

/** The first run behind a moment; null where there is none. */
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
    case "cron": {
      const from = startsAt > after ? new Date(startsAt.getTime() - 1) : after;
      return new Cron(recurrence.cron, { timezone, paused: true }).nextRun(from);
    }
    case "rrule":
      return nextByRule(recurrence, after);
    default:
      return assertNever(recurrence);
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

/** What is wrong with a cron pattern; null: nothing. */
export function cronProblem(pattern: string, timezone: string): string | null {
  try {
    const cron = new Cron(pattern, { timezone, paused: true });
    return cron.nextRun() === null ? "it never comes due" : null;
  } catch (error) {
    return error instanceof Error ? error.message : "it cannot be read";
  }
}

function assertNever(value: never): never {
  throw new Error(`unhandled recurrence: ${JSON.stringify(value)}`);
}
