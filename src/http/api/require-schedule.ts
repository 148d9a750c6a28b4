import { RequestError } from "../../core/errors.ts";
import type { ScheduleQueries, ScheduleView } from "../../schedules/schedule-queries-repository.ts";

/** What `requireSchedule` may answer, for a route's list of errors. */
export const SCHEDULE_NOT_FOUND = {
  status: 404,
  code: "schedule_not_found",
  when: "there is no such schedule",
} as const;

export function scheduleNotFound(id: string): RequestError {
  return new RequestError(404, "schedule_not_found", `There is no schedule ${id} here.`);
}

/** The schedule of that id, or a 404: also for one of another workspace. */
export async function requireSchedule(
  queries: Pick<ScheduleQueries, "find">,
  workspaceId: string,
  id: string,
): Promise<ScheduleView> {
  const schedule = await queries.find(workspaceId, id);
  if (!schedule) throw scheduleNotFound(id);
  return schedule;
}
