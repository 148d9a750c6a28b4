import { z } from "zod";
import type { Reachability } from "../../../core/session/reachability.ts";
import { timestampSchema } from "../route/wire-schemas.ts";

/** The reachability of a user, in the API's format. */
export const reachableSchema = z
  .object({
    ok: z.boolean(),
    code: z
      .string()
      .nullable()
      .describe(
        "Such as `telegram_403`, `opted_out`, `window_closed`; also where `ok`, if only a template arrives",
      ),
    reason: z.string().nullable(),
    since: timestampSchema
      .nullable()
      .describe("The time of the platform's report; null if a rule of the platform decides"),
  })
  .describe("Whether they can be written to unasked. Who writes is reachable again");

/** @param since the time of the platform's report. */
export function reachableOf(reach: Reachability, since: Date | null): z.output<typeof reachableSchema> {
  const said = reach.kind === "reachable" ? { code: null, reason: null } : reach;
  return {
    ok: reach.kind !== "unreachable",
    code: said.code,
    reason: said.reason,
    since: since?.toISOString() ?? null,
  };
}
