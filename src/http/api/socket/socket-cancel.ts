import { RequestError } from "../../../core/faults/errors.ts";
import { storableText } from "../../../core/text/text.ts";
import type { ExecutionQueries } from "../../../turns/answering/execution-queries-repository.ts";

export interface SocketCancelDeps {
  executions: Pick<ExecutionQueries, "find" | "open">;
  cancelExecution(executionId: string): Promise<boolean>;
  workspaceId: string;
  /** The sessions that a socket shows, newest last. */
  shown(): string[];
}

/** Stops an execution of a session that a socket shows. Throws the client's mistakes. */
export function createSocketCancel(deps: SocketCancelDeps) {
  async function firstOpen(): Promise<string | undefined> {
    for (const id of deps.shown().reverse()) {
      const [first] = await deps.executions.open(id);
      if (first !== undefined) return first;
    }
    return undefined;
  }

  /** The turn that a bare `cancel` means: the running one, or else the one of a message sent just before. */
  async function runningNow(sentBefore: Promise<unknown>): Promise<string | undefined> {
    const running = await firstOpen();
    if (running !== undefined) return running;
    await sentBefore;
    return firstOpen();
  }

  return async (asked: string | undefined, sentBefore: Promise<unknown>): Promise<void> => {
    const executionId = asked === undefined ? await runningNow(sentBefore) : storableText(asked);
    if (executionId === undefined) {
      throw new RequestError(409, "nothing_to_cancel", "No message of this session is being answered.");
    }
    const execution = await deps.executions.find(deps.workspaceId, executionId);
    if (!execution || !deps.shown().includes(execution.sessionId)) {
      throw new RequestError(404, "execution_not_found", `This session has no execution ${executionId}.`);
    }
    if (!(await deps.cancelExecution(executionId))) {
      throw new RequestError(409, "execution_ended", `The execution ${executionId} has already ended.`);
    }
  };
}
