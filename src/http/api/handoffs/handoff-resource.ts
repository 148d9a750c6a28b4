import { z } from "zod";
import type { Handoff } from "../../../handoffs/handoff.ts";
import type { OpenHandoff } from "../../../sessions/open-handoff.ts";
import { idSchema, timestampSchema } from "../route/wire-schemas.ts";

export const HANDOFF_STATES = ["requested", "taken", "released"] as const;

const holderSchema = z
  .object({
    name: z.string(),
    via: z.string().describe("By which way they answer: `api`, `console`, `slack`, `telegram`, `phone`"),
  })
  .meta({ id: "HandoffHolder" });

const shared = {
  id: idSchema,
  desk: z.string().nullable().describe("The desk at which people were asked; null: only here"),
  holder: holderSchema.nullable().describe("The person who answers; null while there is none yet"),
  requested_at: timestampSchema,
  taken_at: timestampSchema.nullable(),
  idle_at: timestampSchema
    .nullable()
    .describe("The time at which the bot answers again, unless a person writes before"),
};

/** The open handoff of a session, as part of the session in the API's format. */
export const openHandoffSchema = z
  .object({
    ...shared,
    state: z.enum(["requested", "taken"]),
    reason: z.string().nullable().describe("Why people were asked"),
  })
  .meta({ id: "OpenHandoff" });

/** A handoff in the API's format. */
export const handoffSchema = z
  .object({
    ...shared,
    session_id: idSchema,
    agent_id: idSchema,
    channel: z.string().describe("The session's channel, by its name"),
    user_id: idSchema.nullable(),
    state: z.enum(HANDOFF_STATES),
    reason: z
      .string()
      .nullable()
      .describe(
        "While it is open: why people were asked. Once it is released: `released`, `idle` or `session_ended`",
      ),
    request_reason: z.string().nullable().describe("Why people were asked, also afterwards"),
    source: z
      .enum(["api", "bot", "event", "user", "failure", "phone"])
      .describe(
        "The source of the request: a caller, the bot, an event rule, the user's own words, a failed turn",
      ),
    note: z.string().nullable().describe("For the person who answers"),
    released_at: timestampSchema.nullable(),
  })
  .meta({ id: "Handoff" });

export function toOpenHandoff(view: OpenHandoff): z.output<typeof openHandoffSchema> {
  return {
    id: view.id,
    state: view.state,
    reason: view.reason,
    desk: view.desk,
    holder: view.holder,
    requested_at: view.requestedAt.toISOString(),
    taken_at: view.takenAt?.toISOString() ?? null,
    idle_at: view.idleAt?.toISOString() ?? null,
  };
}

export function toHandoff(view: Handoff): z.output<typeof handoffSchema> {
  return {
    id: view.id,
    session_id: view.sessionId,
    agent_id: view.agentId,
    channel: view.channel,
    user_id: view.userId,
    state: view.state,
    reason: view.releaseReason ?? view.requestReason,
    request_reason: view.requestReason,
    source: view.source,
    desk: view.desk,
    note: view.note,
    holder: view.holder,
    requested_at: view.requestedAt.toISOString(),
    taken_at: view.takenAt?.toISOString() ?? null,
    released_at: view.releasedAt?.toISOString() ?? null,
    idle_at: view.idleAt?.toISOString() ?? null,
  };
}
