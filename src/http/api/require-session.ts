import { RequestError } from "../../core/errors.ts";
import type { SessionQueries, SessionView } from "../../sessions/session-queries-repository.ts";

/** What `requireSession` may answer, for a route's list of errors. */
export const SESSION_NOT_FOUND = {
  status: 404,
  code: "session_not_found",
  when: "there is no such session",
} as const;

export function sessionNotFound(id: string): RequestError {
  return new RequestError(404, "session_not_found", `There is no session ${id} here.`);
}

/** The session of that id, or a 404: also for one of another workspace. */
export async function requireSession(
  sessions: Pick<SessionQueries, "find">,
  workspaceId: string,
  id: string,
): Promise<SessionView> {
  const session = await sessions.find(workspaceId, id);
  if (!session) throw sessionNotFound(id);
  return session;
}
