import { z } from "zod";
import { RequestError } from "../../../core/faults/errors.ts";
import type { Trail } from "../../../trail/describe-trail.ts";
import { defineRoute, type Route } from "../route/route.ts";
import { idParams, idSchema, timestampSchema } from "../route/wire-schemas.ts";

const trailSchema = z
  .object({
    message_id: idSchema,
    session_id: idSchema.nullable().describe("Null: its sender is not let in yet, so it is in no session"),
    execution_id: idSchema
      .nullable()
      .describe("The turn that answered it, other messages of the turn included"),
    trace_id: z
      .string()
      .nullable()
      .describe("Its trace in your tracing system; null if tracing is off, or while its sender waits"),
    summary: z.string().describe("All of it in a sentence or two"),
    facts: z
      .array(
        z.object({
          at: timestampSchema,
          what: z.string().describe("What happened, for people"),
          why: z.string().nullable().describe("The reason; null if it is obvious"),
          type: z.enum(["message", "execution", "delivery", "event", "attachment", "access_request"]),
          id: idSchema.describe("Its subject"),
        }),
      )
      .describe("In the order they happened"),
  })
  .meta({ id: "Trail" });

/** The trail of a message, from the stored records. */
export function trailRoutes(deps: {
  /** True if messages have traces. */
  isTraced: boolean;
  /** Finds it by the id of a message, execution, delivery or session; null if the workspace has none. */
  trail(workspaceId: string, id: string): Promise<Trail | null>;
}): Route[] {
  return [
    defineRoute({
      method: "GET",
      path: "/messages/{id}/trail",
      operationId: "getMessageTrail",
      summary: "Tell what happened to a message, and why",
      description:
        "From its arrival to its last receipt: why it was answered, merged, delayed, retried or given up. The id of an execution or a delivery works as well. The id of a session shows its newest message. A message whose sender is not let in yet is found too.",
      tag: "Messages",
      scope: "sessions:read",
      params: idParams,
      responses: [{ status: 200, description: "The facts, oldest first", schema: trailSchema }],
      errors: [{ status: 404, code: "message_not_found", when: "nothing here has this id" }],
      async handle({ caller, params }) {
        const trail = await deps.trail(caller.workspaceId, params.id);
        if (trail) return { status: 200, body: present(trail, deps.isTraced) };
        throw new RequestError(404, "message_not_found", `There is no message ${params.id} here.`);
      },
    }),
  ];
}

function present(trail: Trail, isTraced: boolean): z.output<typeof trailSchema> {
  return {
    message_id: trail.messageId,
    session_id: trail.sessionId,
    execution_id: trail.executionId,
    trace_id: isTraced ? trail.traceId : null,
    summary: trail.summary,
    facts: trail.facts.map(({ at, what, why, about }) => ({ at: at.toISOString(), what, why, ...about })),
  };
}
