import { z } from "zod";
import type { SessionAgents } from "../../../agents/session-agent-repository.ts";
import { RequestError } from "../../../core/faults/errors.ts";
import { replay } from "../../../core/session/turn-log.ts";
import type { AskedAgain, Asking } from "../../../turns/answering/ask-again-repository.ts";
import type { ExecutionQueries } from "../../../turns/answering/execution-queries-repository.ts";
import { lastEventId, writeEventStream } from "../../streams/event-stream.ts";
import type { Conversation } from "../messages/conversation.ts";
import { asServerSent } from "../messages/message-events.ts";
import { eventsShownTo } from "../route/contacts.ts";
import { listReply, pageQuery, pageRequest } from "../route/paging.ts";
import { defineRoute, type Route } from "../route/route.ts";
import { idParams, jsonObjectSchema, listSchema } from "../route/wire-schemas.ts";
import { EXECUTION_STATUSES, executionSchema, toExecution } from "./execution-resource.ts";

export interface ExecutionRoutesDeps {
  executions: ExecutionQueries;
  conversation: Pick<Conversation, "events">;
  agents: Pick<SessionAgents, "find">;
  /** Asks for an execution to stop, on any process. Returns false if it had already ended. */
  cancelExecution(executionId: string): Promise<boolean>;
  /** Lets the bot answer the messages of a failed turn once more. */
  askAgain(asking: Asking): Promise<AskedAgain>;
}

const listQuery = z.strictObject({
  ...pageQuery,
  session_id: z.string().min(1).optional(),
  agent_id: z.string().min(1).optional().describe("Id or slug"),
  channel: z.string().min(1).optional(),
  status: z.enum(EXECUTION_STATUSES).optional(),
});

const turnEventSchema = z.object({ id: z.int(), event: z.string(), data: jsonObjectSchema });

const detailedSchema = z
  .object({
    ...executionSchema.shape,
    events: z.array(turnEventSchema).describe("The events of its stream; empty until it has ended"),
  })
  .meta({ id: "ExecutionWithEvents" });

const NOT_FOUND = { status: 404, code: "execution_not_found", when: "there is no such execution" } as const;

/** Turns of every channel: list, get, watch, cancel, retry. */
export function executionRoutes(deps: ExecutionRoutesDeps): Route[] {
  const found = async (workspaceId: string, id: string) => {
    const execution = await deps.executions.find(workspaceId, id);
    if (execution) return execution;
    throw notFound(id);
  };
  return [
    defineRoute({
      method: "GET",
      path: "/executions",
      operationId: "listExecutions",
      summary: "List executions",
      description: "Newest first. `meta.total` is exact up to 10,000 and an estimate beyond.",
      tag: "Executions",
      scope: "sessions:read",
      query: listQuery,
      examples: [{ query: { status: "completed", limit: "50" } }],
      responses: [{ status: 200, description: "A page of executions", schema: listSchema(executionSchema) }],
      async handle({ caller, query }) {
        const { workspaceId } = caller;
        const agentId = query.agent_id && (await deps.agents.find(workspaceId, query.agent_id))?.id;
        const slice = await deps.executions.list(
          workspaceId,
          {
            sessionId: query.session_id,
            agentId: agentId ?? query.agent_id,
            channel: query.channel,
            status: query.status,
          },
          pageRequest(query),
        );
        return listReply(slice, query, toExecution);
      },
    }),
    defineRoute({
      method: "GET",
      path: "/executions/{id}",
      operationId: "getExecution",
      summary: "Get an execution",
      tag: "Executions",
      scope: "sessions:read",
      params: idParams,
      responses: [{ status: 200, description: "The execution", schema: detailedSchema }],
      errors: [NOT_FOUND],
      async handle({ caller, params }) {
        const execution = await found(caller.workspaceId, params.id);
        const log = await deps.executions.log(execution.mergedInto ?? execution.id);
        const events = replay(log ?? [], 0).map(({ id, type, data }) => ({ id, event: type, data }));
        return { status: 200, body: { ...toExecution(execution), events } };
      },
    }),
    defineRoute({
      method: "GET",
      path: "/executions/{id}/stream",
      operationId: "streamExecution",
      summary: "Watch an execution",
      description:
        "Server-Sent Events of the answer, from its start, on any channel and process. `Last-Event-ID` leaves out the events that you have. If a process dies during the answer, another one begins again. Text that then differs from the events so far is only in `done`.",
      tag: "Executions",
      scope: "sessions:read",
      params: idParams,
      responses: [
        { status: 200, description: "The events", schema: z.string(), contentType: "text/event-stream" },
      ],
      errors: [NOT_FOUND],
      async handle({ caller, params, headers, signal }) {
        const afterId = lastEventId(headers["last-event-id"]) ?? 0;
        const execution = await found(caller.workspaceId, params.id);
        const said = deps.conversation.events(execution.id, afterId, signal);
        const events = asServerSent(eventsShownTo(caller, said));
        return { stream: (_request, response) => writeEventStream(response, events) };
      },
    }),
    defineRoute({
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
      errors: [NOT_FOUND, { status: 409, code: "execution_ended", when: "it was over already" }],
      async handle({ caller, params }) {
        const execution = await found(caller.workspaceId, params.id);
        const stopping = await deps.cancelExecution(execution.id);
        if (!stopping) {
          throw new RequestError(409, "execution_ended", `The execution ${params.id} has already ended.`);
        }
        return { status: 200, body: toExecution(await found(caller.workspaceId, execution.id)) };
      },
    }),
    defineRoute({
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
        NOT_FOUND,
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
        return { status: 202, body: toExecution(await found(workspaceId, outcome.executionId)) };
      },
    }),
  ];
}

function notFound(id: string): RequestError {
  return new RequestError(404, "execution_not_found", `There is no execution ${id} here.`);
}

function notAskedError(id: string, outcome: Exclude<AskedAgain, { kind: "asked" }>): RequestError {
  switch (outcome.kind) {
    case "gone":
      return notFound(id);
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
