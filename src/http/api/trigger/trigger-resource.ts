import { z } from "zod";
import { RequestError } from "../../../core/faults/errors.ts";
import type { Unreachable } from "../../../core/session/reachability.ts";
import type { TriggerOutcome } from "../../../triggers/trigger-outcome.ts";
import { idSchema, timestampSchema } from "../route/wire-schemas.ts";
import { variablesMissing } from "../sessions/session-variables.ts";

const answerFields = {
  session_id: idSchema.optional().describe("Left out where the session has ended since"),
  execution_id: idSchema.optional().describe("For a prompt: the turn that writes the message"),
  delivery_ids: z.array(idSchema).optional().describe("For a text: its sends, several if it is long"),
  schedule_id: idSchema
    .optional()
    .describe("In quiet hours: the schedule that sends it. The session is open and the data merged already"),
  sends_at: timestampSchema.optional().describe("In quiet hours: when they are over"),
  warnings: z
    .array(z.object({ code: z.string(), message: z.string() }))
    .optional()
    .describe(
      "Differences from the request: `template_only`, or `window_closed` if it waits until they write",
    ),
};
/** A message on its way, in the API's format. */
export const triggeredSchema = z.object(answerFields).meta({ id: "Triggered" });

/** The same for one item of a batch. */
export const triggeredItemSchema = z.object({
  identifier: z.string(),
  status: z.enum(["accepted", "failed"]),
  ...answerFields,
  error: z.object({ code: z.string(), message: z.string() }).optional(),
});

/** Throws 409 `user_unreachable` if the message would not arrive. */
export function presentTriggered(
  identifier: string,
  outcome: TriggerOutcome,
): z.output<typeof triggeredSchema> {
  if (outcome.kind === "handoff") {
    const message = `A person answers ${identifier}, and the bot is silent. Send a message_text, or release the handoff.`;
    throw new RequestError(409, "handoff_open", message);
  }
  if (outcome.kind === "variables_missing") throw variablesMissing(outcome.missing);
  if (outcome.kind === "unreachable") throw userUnreachable(identifier, outcome);
  const { sessionId, limited } = outcome;
  const follow =
    outcome.kind === "deferred"
      ? { schedule_id: outcome.scheduleId, sends_at: outcome.sendsAt.toISOString() }
      : outcome.executionId === null
        ? { delivery_ids: outcome.deliveryIds }
        : { execution_id: outcome.executionId };
  return {
    ...(sessionId === null ? {} : { session_id: sessionId }),
    ...follow,
    ...(limited ? { warnings: [{ code: limited.code, message: limited.reason }] } : {}),
  };
}

/** The refusal of a message that would not arrive, with the reason and its start. */
export function userUnreachable(identifier: string, why: Unreachable & { since: Date | null }): RequestError {
  const { code, reason, since } = why;
  const details = { code, reason, since: since?.toISOString() ?? null };
  const message = `${identifier} cannot be written to: ${reason}.`;
  return new RequestError(409, "user_unreachable", message, { details });
}
