import { RequestError } from "../../../core/faults/errors.ts";
import type { SessionQueries } from "../../../sessions/session-queries-repository.ts";
import type { SessionView } from "../../../sessions/session-view.ts";

/** The error that `requireSession` may throw, for a route's list of errors. */
export const SESSION_NOT_FOUND = {
  status: 404,
  code: "session_not_found",
  when: "there is no such session",
} as const;

export function sessionNotFound(id: string): RequestError {
  return new RequestError(404, "session_not_found", `There is no session ${id} here.`);
}

/** The session with that id. Throws a 404 if there is none in this workspace. */
export async function requireSession(
  sessions: Pick<SessionQueries, "find">,
  workspaceId: string,
  id: string,
): Promise<SessionView> {
  const session = await sessions.find(workspaceId, id);
  if (!session) throw sessionNotFound(id);
  return session;
}
