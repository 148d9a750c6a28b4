import { z } from "zod";
import type { SessionAgents } from "../../../agents/session-agent-repository.ts";
import type { SessionOrder, SessionQueries } from "../../../sessions/session-queries-repository.ts";
import type { SessionWrites } from "../../../sessions/session-writes-repository.ts";
import { listReply, pageQuery, pageRequest } from "../route/paging.ts";
import { defineRoute, type Route } from "../route/route.ts";
import { idParams, listSchema } from "../route/wire-schemas.ts";
import { requireSession, SESSION_NOT_FOUND, sessionNotFound } from "./require-session.ts";
import { sessionFilterQuery, sessionFilters } from "./session-filters.ts";
import { sessionRowSchema, sessionSchema, toSession, toSessionRow } from "./session-resource.ts";

export interface SessionRoutesDeps {
  sessions: SessionQueries;
  writes: Pick<SessionWrites, "remove">;
  agents: Pick<SessionAgents, "find">;
  /** Unfinished executions of a session, and a way to stop one. */
  openExecutions(sessionId: string): Promise<string[]>;
  cancelExecution(executionId: string): Promise<boolean>;
}

const SORTS = ["-updated_at", "updated_at", "-created_at", "created_at"] as const;

const listQuery = z.strictObject({
  ...pageQuery,
  ...sessionFilterQuery,
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
      examples: [
        { query: { metadata_filter: '{"db_uuid":"1234"}', limit: "20" } },
        { query: { q: "refund", trouble: "true", since: "2026-11-01T00:00:00Z" } },
      ],
      responses: [{ status: 200, description: "A page of sessions", schema: listSchema(sessionRowSchema) }],
      async handle({ caller, query }) {
        const { workspaceId } = caller;
        const slice = await deps.sessions.list(
          workspaceId,
          await sessionFilters(deps.agents, workspaceId, query),
          ORDERS[query.sort],
          pageRequest(query, query.sort),
        );
        return listReply(slice, query, toSessionRow, query.sort);
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
