import { z } from "zod";
import { idSchema } from "../route/wire-schemas.ts";

/** The caller who made a change, in the API's format. */
export const actorSchema = z.object({
  key_id: idSchema.describe("The API key that was sent, or that the person signed in with"),
  key_name: z.string().nullable().describe("Null if a key revoked itself"),
  via: z.enum(["api", "console"]),
  console_session_id: idSchema.nullable(),
});

export function presentActor(of: {
  actorId: string;
  actorName: string | null;
  consoleSessionId: string | null;
}): z.infer<typeof actorSchema> {
  return {
    key_id: of.actorId,
    key_name: of.actorName,
    via: of.consoleSessionId === null ? "api" : "console",
    console_session_id: of.consoleSessionId,
  };
}
