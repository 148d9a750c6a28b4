import { z } from "zod";
import type { ReplayedAnswer } from "../../../turns/replay/replay-turn.ts";
import { idSchema } from "../route/wire-schemas.ts";
import { sessionFilterQuery } from "../sessions/session-filters.ts";

const { agent_id, user_id, channel, status, q, since, until } = sessionFilterQuery;

export const replayBodySchema = z
  .strictObject({
    session_id: z.string().min(1).optional().describe("The session to replay"),
    filter: z
      .strictObject({ agent_id, user_id, channel, status, q, since, until })
      .optional()
      .describe("Or several: the newest that match, at most 20"),
    agent_id: z.string().min(1).describe("The agent that answers now: id or slug"),
    version: z.int().min(1).optional().describe("Its version. Default: the current one"),
    share: z
      .number()
      .gt(0)
      .max(1)
      .default(1)
      .describe("The share of the sessions that match. The same sessions each time"),
  })
  .superRefine(({ session_id, filter }, context) => {
    if ((session_id === undefined) !== (filter === undefined)) return;
    context.addIssue({ code: "custom", path: [], message: "expected either session_id or filter" });
  });

const answerSchema = z
  .object({
    replies: z.array(z.string()),
    tools: z.array(z.string()).describe("The tools that were called, in order"),
    total_tokens: z.int().nullable(),
    seconds: z.number().nullable(),
    error_code: z.string().nullable().describe("Null: it was answered"),
  })
  .meta({ id: "ReplayAnswer" });

export const replaySchema = z
  .object({
    agent_id: idSchema,
    version: z.int(),
    sessions: z.int().describe("The sessions that were replayed"),
    turns: z.int(),
    failures: z.int().describe("Turns that the version did not answer"),
    complete: z.boolean().describe("False: there are more sessions or turns than one call replays"),
    data: z.array(
      z.object({
        session_id: idSchema,
        message_id: idSchema,
        content: z.string().describe("What the user said"),
        recorded: answerSchema,
        replayed: answerSchema,
      }),
    ),
  })
  .meta({ id: "Replay" });

export function toAnswer(answer: ReplayedAnswer): z.output<typeof answerSchema> {
  return {
    replies: answer.replies,
    tools: answer.tools,
    total_tokens: answer.totalTokens,
    seconds: answer.seconds,
    error_code: answer.errorCode,
  };
}
