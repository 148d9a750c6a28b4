import { nextRun, type Recurrence } from "../core/schedule/recurrence.ts";

/** The result for a due schedule: runs to send or to skip, and the next due time (null: never). */
export interface DueRuns {
  runs: { dueAt: Date; skipped: string | null }[];
  nextRunAt: Date | null;
}

/** Number of missed runs that are recorded one by one. Those of a longer backlog are not recorded. */
const NOTED = 100;

/**
 * Sends the newest of the missed runs late, unless it is later than allowed. Skips the earlier ones, since nobody wants
 * a week's reminders at once. Pure.
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
