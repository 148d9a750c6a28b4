import { z } from "zod";
import type { EventQueries, EventView } from "../../../events/event-queries-repository.ts";
import type { SessionQueries } from "../../../sessions/session-queries-repository.ts";
import { listReply, pageQuery, pageRequest } from "../route/paging.ts";
import { defineRoute, type Route } from "../route/route.ts";
import { idParams, idSchema, jsonObjectSchema, listSchema, timestampSchema } from "../route/wire-schemas.ts";
import { requireSession, SESSION_NOT_FOUND } from "./require-session.ts";

const eventSchema = z
  .object({
    id: idSchema,
    session_id: idSchema,
    agent_id: idSchema,
    agent_version: z.int(),
    rule: z.int().describe("The rule's place among the version's `events`, from 0"),
    event: z.string().describe("The event that fired it"),
    data: jsonObjectSchema.describe("Its subject: a message, a delivery, the number of the repetition"),
    status: z
      .enum(["pending", "running", "completed", "skipped", "failed", "unreachable"])
      .describe(
        "`skipped`: something came in between, such as a message of the user. `unreachable`: done, but for a message that would not have arrived",
      ),
    reason: z.string().nullable().describe("Why it failed, was skipped or waits"),
    attempts: z.int(),
    actions: z.array(jsonObjectSchema).describe("The result of each action that is done"),
    next_attempt_at: timestampSchema.nullable(),
    created_at: timestampSchema,
    ended_at: timestampSchema.nullable(),
  })
  .meta({ id: "SessionEvent" });

/** The event log of a session: every firing of every rule, with its outcome. */
export function sessionEventRoutes(deps: { sessions: SessionQueries; events: EventQueries }): Route[] {
  return [
    defineRoute({
      method: "GET",
      path: "/chat/sessions/{id}/events",
      operationId: "listSessionEvents",
      summary: "List what the agent's event rules did",
      tag: "Sessions",
      scope: "sessions:read",
      params: idParams,
      query: z.strictObject(pageQuery),
      responses: [{ status: 200, description: "Firings, oldest first", schema: listSchema(eventSchema) }],
      errors: [SESSION_NOT_FOUND],
      async handle({ caller, params, query }) {
        const session = await requireSession(deps.sessions, caller.workspaceId, params.id);
        const slice = await deps.events.ofSession(session.id, pageRequest(query, "ordinal"));
        return listReply(slice, query, present, "ordinal");
      },
    }),
  ];
}

function present(event: EventView) {
  return {
    id: event.id,
    session_id: event.sessionId,
    agent_id: event.agentId,
    agent_version: event.agentVersion,
    rule: event.rule,
    event: event.event,
    data: event.data,
    status: event.status,
    reason: event.reason,
    attempts: event.attempts,
    actions: event.results,
    // Beyond that it is the time at which a claim expires.
    next_attempt_at: event.status === "pending" ? event.nextAttemptAt.toISOString() : null,
    created_at: event.createdAt.toISOString(),
    ended_at: event.endedAt?.toISOString() ?? null,
  };
}
