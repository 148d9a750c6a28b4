import { nextRun, type Recurrence } from "../core/recurrence.ts";

/** What a due schedule comes to: runs to send or skip, and when it is due again (null: never). */
export interface DueRuns {
  runs: { dueAt: Date; skipped: string | null }[];
  nextRunAt: Date | null;
}

/** Missed runs that are noted one by one; those of a longer backlog are passed over. */
const NOTED = 100;

/**
 * Of the runs that were missed, the newest is sent, late, unless it is later than it may be; those before it are
 * skipped: nobody wants a week's reminders at once. Pure.
 */
export function dueRuns(
  schedule: {
    recurrence: Recurrence;
    nextRunAt: Date;
    runs: number;
    maxRuns: number | null;
    graceMs: number | null;
  },
  now: Date,
): DueRuns {
  const due: Date[] = [];
  let next: Date | null = schedule.nextRunAt;
  while (next !== null && next <= now) {
    due.push(next);
    next = nextRun(schedule.recurrence, due.length < NOTED ? next : now);
  }
  const runs = due.map((dueAt, index) => {
    if (index < due.length - 1) return { dueAt, skipped: "missed: a later one was due already" };
    const late = now.getTime() - dueAt.getTime();
    const tooLate = schedule.graceMs !== null && late > schedule.graceMs;
    return { dueAt, skipped: tooLate ? `missed: ${Math.round(late / 1000)} s late` : null };
  });
  const sent = schedule.runs + runs.filter(({ skipped }) => skipped === null).length;
  const isLast = schedule.maxRuns !== null && sent >= schedule.maxRuns;
  return { runs, nextRunAt: isLast ? null : next };
}
