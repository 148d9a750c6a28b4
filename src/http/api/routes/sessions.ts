import { z } from "zod";
import type { SessionAgents } from "../../../agents/session-agent-repository.ts";
import type { JsonObject } from "../../../core/json.ts";
import type { SessionOrder, SessionQueries } from "../../../sessions/session-queries-repository.ts";
import type { SessionWrites } from "../../../sessions/session-writes-repository.ts";
import { listReply, pageQuery, pageRequest } from "../paging.ts";
import { requireSession, SESSION_NOT_FOUND, sessionNotFound } from "../require-session.ts";
import { defineRoute, type Route } from "../route.ts";
import { sessionSchema, toSession } from "../session-resource.ts";
import { idParams, jsonObjectSchema, listSchema } from "../wire-schemas.ts";

export interface SessionRoutesDeps {
  sessions: SessionQueries;
  writes: Pick<SessionWrites, "remove">;
  agents: Pick<SessionAgents, "find">;
  /** Executions of a session that are not over, and how one is stopped. */
  openExecutions(sessionId: string): Promise<string[]>;
  cancelExecution(executionId: string): Promise<boolean>;
}

const SORTS = ["-updated_at", "updated_at", "-created_at", "created_at"] as const;

const metadataFilter = z.string().transform((text, context): JsonObject => {
  try {
    const parsed = jsonObjectSchema.safeParse(JSON.parse(text));
    if (parsed.success) return parsed.data;
  } catch {
    // Reported below, like JSON of another kind.
  }
  context.addIssue({ code: "custom", message: 'expected a JSON object, URL-encoded: {"key":"value"}' });
  return z.NEVER;
});

const listQuery = z.strictObject({
  ...pageQuery,
  metadata_filter: metadataFilter
    .optional()
    .describe('A JSON object that the metadata must contain, deep and typed: `{"n":"1"}` does not match 1'),
  agent_id: z.string().min(1).optional().describe("Id or slug"),
  user_id: z.string().min(1).optional(),
  channel: z.string().min(1).optional(),
  status: z.enum(["active", "completed"]).optional(),
  sort: z.enum(SORTS).default("-updated_at"),
});

const ORDERS: Record<(typeof SORTS)[number], SessionOrder> = {
  "-updated_at": { by: "updatedAt", descending: true },
  updated_at: { by: "updatedAt", descending: false },
  "-created_at": { by: "createdAt", descending: true },
  created_at: { by: "createdAt", descending: false },
};

/** Sessions: list, get, delete. */
export function sessionRoutes(deps: SessionRoutesDeps): Route[] {
  return [
    defineRoute({
      method: "GET",
      path: "/chat/sessions",
      operationId: "listSessions",
      summary: "List sessions",
      description: "`meta.total` is exact up to 10,000 and an estimate beyond.",
      tag: "Sessions",
      scope: "sessions:read",
      query: listQuery,
      examples: [{ query: { metadata_filter: '{"db_uuid":"1234"}', limit: "20" } }],
      responses: [{ status: 200, description: "A page of sessions", schema: listSchema(sessionSchema) }],
      async handle({ caller, query }) {
        const { workspaceId } = caller;
        const agentId = query.agent_id && (await deps.agents.find(workspaceId, query.agent_id))?.id;
        const slice = await deps.sessions.list(
          workspaceId,
          {
            metadata: query.metadata_filter,
            // An agent that is not here has no sessions here.
            agentId: agentId ?? query.agent_id,
            userId: query.user_id,
            channel: query.channel,
            status: query.status,
          },
          ORDERS[query.sort],
          pageRequest(query, query.sort),
        );
        return listReply(slice, query, toSession, query.sort);
      },
    }),
    defineRoute({
      method: "GET",
      path: "/chat/sessions/{id}",
      operationId: "getSession",
      summary: "Get a session",
      tag: "Sessions",
      scope: "sessions:read",
      params: idParams,
      responses: [{ status: 200, description: "The session", schema: sessionSchema }],
      errors: [SESSION_NOT_FOUND],
      async handle({ caller, params }) {
        return {
          status: 200,
          body: toSession(await requireSession(deps.sessions, caller.workspaceId, params.id)),
        };
      },
    }),
    defineRoute({
      method: "DELETE",
      path: "/chat/sessions/{id}",
      operationId: "deleteSession",
      summary: "Delete a session",
      description: "Erases it with its messages, executions and deliveries, for good.",
      tag: "Sessions",
      scope: "sessions:write",
      params: idParams,
      responses: [{ status: 204, description: "It is gone", schema: null }],
      errors: [SESSION_NOT_FOUND],
      async handle({ caller, params }) {
        const session = await requireSession(deps.sessions, caller.workspaceId, params.id);
        for (const id of await deps.openExecutions(session.id)) await deps.cancelExecution(id);
        const removed = await deps.writes.remove(caller.workspaceId, session.id);
        if (!removed) throw sessionNotFound(params.id);
        return { status: 204 };
      },
    }),
  ];
}
