import { RequestError } from "../../../core/faults/errors.ts";
import type { AskedAgain } from "../../../turns/answering/ask-again-repository.ts";
import { defineRoute, type Route } from "../route/route.ts";
import { idParams } from "../route/wire-schemas.ts";
import { executionSchema, toExecution } from "./execution-resource.ts";
import type { ExecutionRoutesDeps } from "./executions.ts";
import { EXECUTION_NOT_FOUND, executionNotFound, requireExecution } from "./require-execution.ts";

/** Stops an execution, on any process. */
export function cancelExecutionRoute(deps: ExecutionRoutesDeps): Route {
  return defineRoute({
    method: "POST",
    path: "/executions/{id}/cancel",
    operationId: "cancelExecution",
    summary: "Cancel an execution",
    description:
      "One that waits is never begun; one that runs is stopped, the call to the model included. Answers at once: `cancel_requested_at` is set, `status` follows.",
    tag: "Executions",
    scope: "messages:write",
    params: idParams,
    responses: [{ status: 200, description: "The execution", schema: executionSchema }],
    errors: [EXECUTION_NOT_FOUND, { status: 409, code: "execution_ended", when: "it was over already" }],
    async handle({ caller, params }) {
      const execution = await requireExecution(deps, caller.workspaceId, params.id);
      const stopping = await deps.cancelExecution(execution.id);
      if (!stopping) {
        throw new RequestError(409, "execution_ended", `The execution ${params.id} has already ended.`);
      }
      return {
        status: 200,
        body: toExecution(await requireExecution(deps, caller.workspaceId, execution.id)),
      };
    },
  });
}

/** Lets the bot answer the messages of a failed turn once more. */
export function retryExecutionRoute(deps: ExecutionRoutesDeps): Route {
  return defineRoute({
    method: "POST",
    path: "/executions/{id}/retry",
    operationId: "retryExecution",
    summary: "Ask the bot again after a failed turn",
    description:
      "The newest turn of an open session is run once more, as a new execution. The failed one stays, and names the new one in `retried_as`. What the user read instead, such as an apology, stays too.",
    tag: "Executions",
    scope: "messages:write",
    params: idParams,
    responses: [{ status: 202, description: "The new execution", schema: executionSchema }],
    errors: [
      EXECUTION_NOT_FOUND,
      { status: 409, code: "execution_not_failed", when: "it did not fail" },
      {
        status: 409,
        code: "execution_overtaken",
        when: "it was asked again before, or the bot was asked something later",
      },
      { status: 409, code: "session_completed", when: "its session is over" },
      { status: 409, code: "handoff_open", when: "a person answers, and the bot is silent" },
    ],
    async handle({ caller: { workspaceId }, params, resourceId }) {
      const outcome = await deps.askAgain({ workspaceId, id: params.id, newId: resourceId });
      if (outcome.kind !== "asked") throw notAskedError(params.id, outcome);
      return {
        status: 202,
        body: toExecution(await requireExecution(deps, workspaceId, outcome.executionId)),
      };
    },
  });
}

function notAskedError(id: string, outcome: Exclude<AskedAgain, { kind: "asked" }>): RequestError {
  switch (outcome.kind) {
    case "gone":
      return executionNotFound(id);
    case "not_failed":
      return new RequestError(409, "execution_not_failed", `The execution ${id} is ${outcome.status}.`);
    case "overtaken":
      return new RequestError(
        409,
        "execution_overtaken",
        "The bot was called again since then. Only the newest turn of a conversation can be tried again.",
      );
    case "session_completed":
      return new RequestError(409, "session_completed", "The session of this turn is completed.");
    case "handoff":
      return new RequestError(409, "handoff_open", "A person answers here. Release the handoff first.");
  }
}
