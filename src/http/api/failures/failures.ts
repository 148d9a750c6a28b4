import { z } from "zod";
import { RequestError } from "../../../core/faults/errors.ts";
import type { Failure, Failures } from "../../../events/failure-repository.ts";
import { listReply, pageQuery, pageRequest } from "../route/paging.ts";
import { defineRoute, type Route } from "../route/route.ts";
import { idParams, idSchema, listSchema, timestampSchema } from "../route/wire-schemas.ts";

const KINDS = ["event", "schedule"] as const;

const failureSchema = z
  .object({
    id: idSchema,
    kind: z.enum(KINDS).describe("A firing of an event rule, or a run of a schedule"),
    what: z.string().describe("The event of the rule, or the schedule's name or first words"),
    reason: z.string().nullable(),
    attempts: z.int(),
    channel: z.string().describe("The channel's name"),
    agent_id: idSchema,
    user: z.object({ id: idSchema, identifier: z.string(), name: z.string().nullable() }).nullable(),
    session_id: idSchema.nullable(),
    schedule_id: idSchema.nullable().describe("Null for a rule"),
    failed_at: timestampSchema.describe("When it was given up; of a run: when it was due"),
  })
  .meta({ id: "Failure" });

const listQuery = z.strictObject({
  kind: z.enum(KINDS).optional(),
  channel: z.string().min(1).optional().describe("The channel's name"),
  ...pageQuery,
});

/** `/failures`: event rules and schedules that were given up. Failed turns and deliveries have lists of their own. */
export function failureRoutes({ failures }: { failures: Failures }): Route[] {
  return [
    defineRoute({
      method: "GET",
      path: "/failures",
      operationId: "listFailures",
      summary: "List failed rules and schedules",
      description:
        "Firings of event rules and runs of schedules that were given up, with a trigger that waited for quiet " +
        "hours among them. Failed turns are in `/executions`, failed sends in `/deliveries`.",
      tag: "Schedules",
      scope: "sessions:read",
      query: listQuery,
      examples: [{ query: { kind: "event" } }],
      responses: [{ status: 200, description: "Failures, newest first", schema: listSchema(failureSchema) }],
      async handle({ caller, query }) {
        const { kind, channel } = query;
        const found = await failures.list(caller.workspaceId, { kind, channel }, pageRequest(query));
        return listReply(found, query, present);
      },
    }),
    defineRoute({
      method: "POST",
      path: "/failures/{id}/retry",
      operationId: "retryFailure",
      summary: "Try a failed rule or schedule again",
      description: "Once more, at once. Actions of a rule that are done already are not repeated.",
      tag: "Schedules",
      scope: "trigger:write",
      params: idParams,
      responses: [{ status: 204, description: "It is due", schema: null }],
      errors: [
        {
          status: 404,
          code: "failure_not_found",
          when: "nothing failed with this id, or it was tried again",
        },
      ],
      async handle({ caller, params }) {
        if (!(await failures.retry(caller.workspaceId, params.id)))
          throw new RequestError(404, "failure_not_found", `Nothing failed with the id ${params.id} here.`);
        return { status: 204, change: { before: { status: "failed" }, after: { status: "pending" } } };
      },
    }),
  ];
}

function present(failure: Failure) {
  return {
    id: failure.id,
    kind: failure.kind,
    what: failure.what,
    reason: failure.reason,
    attempts: failure.attempts,
    channel: failure.channel,
    agent_id: failure.agentId,
    user: failure.user,
    session_id: failure.sessionId,
    schedule_id: failure.scheduleId,
    failed_at: failure.failedAt.toISOString(),
  };
}
