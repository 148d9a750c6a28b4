import { z } from "zod";
import type { SessionAgents } from "../../../agents/session-agent-repository.ts";
import { replay } from "../../../core/session/turn-log.ts";
import type { AskedAgain, Asking } from "../../../turns/answering/ask-again-repository.ts";
import type { ExecutionQueries } from "../../../turns/answering/execution-queries-repository.ts";
import { lastEventId, writeEventStream } from "../../streams/event-stream.ts";
import type { Conversation } from "../messages/conversation.ts";
import { asServerSent } from "../messages/message-events.ts";
import { eventsShownTo } from "../route/contacts.ts";
import { listReply, pageQuery, pageRequest } from "../route/paging.ts";
import { defineRoute, type Route } from "../route/route.ts";
import { booleanQuery, idParams, jsonObjectSchema, listSchema } from "../route/wire-schemas.ts";
import { cancelExecutionRoute, retryExecutionRoute } from "./execution-acts.ts";
import { EXECUTION_STATUSES, executionSchema, toExecution } from "./execution-resource.ts";
import { EXECUTION_NOT_FOUND, requireExecution } from "./require-execution.ts";

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
  retried: booleanQuery
    .optional()
    .describe(
      "Whether the same message has a later execution. `status=failed&retried=false` is what is in trouble",
    ),
});

const turnEventSchema = z.object({ id: z.int(), event: z.string(), data: jsonObjectSchema });

const detailedSchema = z
  .object({
    ...executionSchema.shape,
    events: z.array(turnEventSchema).describe("The events of its stream; empty until it has ended"),
  })
  .meta({ id: "ExecutionWithEvents" });

/** Turns of every channel: list, get, watch, cancel, retry. */
export function executionRoutes(deps: ExecutionRoutesDeps): Route[] {
  return [
    listExecutionsRoute(deps),
    getExecutionRoute(deps),
    streamExecutionRoute(deps),
    cancelExecutionRoute(deps),
    retryExecutionRoute(deps),
  ];
}

function listExecutionsRoute(deps: ExecutionRoutesDeps): Route {
  return defineRoute({
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
          retried: query.retried,
        },
        pageRequest(query),
      );
      return listReply(slice, query, toExecution);
    },
  });
}

function getExecutionRoute(deps: ExecutionRoutesDeps): Route {
  return defineRoute({
    method: "GET",
    path: "/executions/{id}",
    operationId: "getExecution",
    summary: "Get an execution",
    tag: "Executions",
    scope: "sessions:read",
    params: idParams,
    responses: [{ status: 200, description: "The execution", schema: detailedSchema }],
    errors: [EXECUTION_NOT_FOUND],
    async handle({ caller, params }) {
      const execution = await requireExecution(deps, caller.workspaceId, params.id);
      const log = await deps.executions.log(execution.mergedInto ?? execution.id);
      const events = replay(log ?? [], 0).map(({ id, type, data }) => ({ id, event: type, data }));
      return { status: 200, body: { ...toExecution(execution), events } };
    },
  });
}

function streamExecutionRoute(deps: ExecutionRoutesDeps): Route {
  return defineRoute({
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
    errors: [EXECUTION_NOT_FOUND],
    async handle({ caller, params, headers, signal }) {
      const afterId = lastEventId(headers["last-event-id"]) ?? 0;
      const execution = await requireExecution(deps, caller.workspaceId, params.id);
      const said = deps.conversation.events(execution.id, afterId, signal);
      const events = asServerSent(eventsShownTo(caller, said));
      return { stream: (_request, response) => writeEventStream(response, events) };
    },
  });
}
