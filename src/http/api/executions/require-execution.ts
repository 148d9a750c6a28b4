import { RequestError } from "../../../core/faults/errors.ts";
import type { ExecutionQueries } from "../../../turns/answering/execution-queries-repository.ts";

export const EXECUTION_NOT_FOUND = {
  status: 404,
  code: "execution_not_found",
  when: "there is no such execution",
} as const;

/** The execution with an id. Throws a 404 if the workspace has none. */
export async function requireExecution(
  { executions }: { executions: Pick<ExecutionQueries, "find"> },
  workspaceId: string,
  id: string,
) {
  const execution = await executions.find(workspaceId, id);
  if (execution) return execution;
  throw executionNotFound(id);
}

export function executionNotFound(id: string): RequestError {
  return new RequestError(404, "execution_not_found", `There is no execution ${id} here.`);
}
