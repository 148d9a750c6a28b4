import { z } from "zod";
import type { SessionListView, SessionView } from "../../../sessions/session-view.ts";
import { openHandoffSchema, toOpenHandoff } from "../handoffs/handoff-resource.ts";
import { idSchema, jsonObjectSchema, timestampSchema } from "../route/wire-schemas.ts";

const END_REASONS = [
  "user_reset",
  "user",
  "bot",
  "api",
  "event",
  "operator",
  "new_session",
  "expired",
] as const;

export const variablesSchema = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]));

/** A session in the API's format. */
export const sessionSchema = z
  .object({
    id: idSchema,
    workspace_id: idSchema,
    agent_id: idSchema,
    agent_version: z.int().describe("The version that answers in it"),
    user_id: idSchema.nullable(),
    channel: z.string().describe("The channel's name"),
    external_id: z
      .string()
      .nullable()
      .describe(
        "Its name outside: your own name for it, Slack's channel and thread, the chat on Telegram. Unique among the channel's active ones",
      ),
    status: z.enum(["active", "completed"]),
    end_reason: z.enum(END_REASONS).nullable(),
    title: z.string().nullable().describe("Taken from the first user message if none was given"),
    situation: z.string().nullable().describe("A system prompt that sets the scene"),
    summary: z.string().nullable().describe("The text that the bot gets instead of older messages"),
    render_templates: z.boolean(),
    variables: variablesSchema,
    metadata: jsonObjectSchema,
    participant_data: jsonObjectSchema.describe(
      "The data of the user that is kept across sessions with this agent",
    ),
    created_at: timestampSchema,
    updated_at: timestampSchema,
    last_activity_at: timestampSchema.describe("When something was last said"),
    ended_at: timestampSchema.nullable(),
    handoff: openHandoffSchema.nullable().describe("While a person answers instead of the bot"),
  })
  .meta({ id: "Session" });

/** A session in a list. */
export const sessionRowSchema = sessionSchema
  .extend({
    last_message: z
      .object({
        id: idSchema,
        role: z.enum(["user", "assistant"]),
        content: z.string().describe("At most 200 characters"),
        created_at: timestampSchema,
      })
      .nullable(),
    user: z.object({ id: idSchema, identifier: z.string(), name: z.string().nullable() }).nullable(),
  })
  .meta({ id: "SessionRow" });

export function toSessionRow(view: SessionListView): z.output<typeof sessionRowSchema> {
  const { lastMessage } = view;
  return {
    ...toSession(view),
    last_message: lastMessage && {
      id: lastMessage.id,
      role: lastMessage.role,
      content: lastMessage.content,
      created_at: lastMessage.createdAt.toISOString(),
    },
    user: view.user,
  };
}

export function toSession(view: SessionView): z.output<typeof sessionSchema> {
  return {
    id: view.id,
    workspace_id: view.workspaceId,
    agent_id: view.agentId,
    agent_version: view.agentVersion,
    user_id: view.userId,
    channel: view.channel,
    external_id: view.externalKey,
    status: view.status,
    end_reason: END_REASONS.find((reason) => reason === view.endReason) ?? null,
    title: view.title,
    situation: view.situation,
    summary: view.summary,
    render_templates: view.renderTemplates,
    variables: view.variables,
    metadata: view.metadata,
    participant_data: view.participantData,
    created_at: view.createdAt.toISOString(),
    updated_at: view.updatedAt.toISOString(),
    last_activity_at: view.lastActivityAt.toISOString(),
    ended_at: view.endedAt?.toISOString() ?? null,
    handoff: view.handoff && toOpenHandoff(view.handoff),
  };
}
