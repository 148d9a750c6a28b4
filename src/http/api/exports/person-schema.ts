import { z } from "zod";
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
    schedules: z.array(scheduleSchema),
    sessions: z.array(z.object({ ...sessionRowSchema.shape, messages: z.array(messageSchema) })),
  })
  .meta({ id: "Person" });
