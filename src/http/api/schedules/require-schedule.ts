import { RequestError } from "../../../core/faults/errors.ts";
import type { ScheduleQueries, ScheduleView } from "../../../schedules/schedule-queries-repository.ts";

/** The error that `requireSchedule` may throw, for a route's list of errors. */
export const SCHEDULE_NOT_FOUND = {
  status: 404,
  code: "schedule_not_found",
  when: "there is no such schedule",
} as const;

export function scheduleNotFound(id: string): RequestError {
  return new RequestError(404, "schedule_not_found", `There is no schedule ${id} here.`);
}

/** The schedule with that id. Throws a 404 if there is none in this workspace. */
export async function requireSchedule(
  queries: Pick<ScheduleQueries, "find">,
  workspaceId: string,
  id: string,
): Promise<ScheduleView> {
  const schedule = await queries.find(workspaceId, id);
  if (!schedule) throw scheduleNotFound(id);
  return schedule;
}
