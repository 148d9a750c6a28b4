import { z } from "zod";
import { RATINGS } from "../../../core/message/rating.ts";
import { accessGrantSchema, accessRequestSchema } from "../access/access-resource.ts";
import { handoffSchema } from "../handoffs/handoff-resource.ts";
import { messageSchema } from "../messages/message-resource.ts";
import { idSchema, jsonObjectSchema, timestampSchema } from "../route/wire-schemas.ts";
import { scheduleSchema } from "../schedules/schedule-resource.ts";
import { sessionRowSchema } from "../sessions/session-resource.ts";
import { userSchema } from "../users/users.ts";

/** Everything that is stored about one person, in the API's format. */
export const personSchema = z
  .object({
    exported_at: timestampSchema,
    user: userSchema,
    aliases: z.array(z.string()).describe("Other names of theirs on the platform"),
    data: z.array(
      z.object({
        agent_id: idSchema,
        session_id: idSchema.nullable().describe("On an anonymous visitor: the session that it belongs to"),
        participant_data: jsonObjectSchema,
        updated_at: timestampSchema,
      }),
    ),
    ratings: z
      .array(
        z.object({
          message_id: idSchema,
          rating: z.enum(RATINGS),
          comment: z.string().nullable(),
          created_at: timestampSchema,
          updated_at: timestampSchema,
        }),
      )
      .describe("Their ratings of messages, also in the conversations of others, the oldest first"),
    schedules: z.array(scheduleSchema),
    handoffs: z
      .array(handoffSchema)
      .nullable()
      .describe(
        "Handoffs to people, with their notes, the oldest first. Null without the scope `handoff:read`",
      ),
    access: z
      .object({
        requests: z.array(accessRequestSchema).describe("Requests to be let in"),
        grants: z.array(accessGrantSchema).describe("Decisions that let them in"),
      })
      .nullable()
      .describe("Null without the scope `access:read`"),
    changes: z
      .array(
        z.object({
          at: timestampSchema,
          operation: z.string().describe("The `operationId` in this document"),
          by: z.string().nullable().describe("The name of the API key"),
          via: z.enum(["api", "console"]),
          targets: z.array(z.string()),
          fields: z.array(z.string()).describe("Fields that were set, without their values"),
        }),
      )
      .nullable()
      .describe(
        "Changes of their data and sessions by operators, the oldest first, as long as those are kept. Null without the scope `admin`",
      ),
    sessions: z.array(z.object({ ...sessionRowSchema.shape, messages: z.array(messageSchema) })),
  })
  .meta({ id: "Person" });
