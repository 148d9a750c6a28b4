import { z } from "zod";
import type { ReplayedAnswer } from "../../../turns/replay/replay-turn.ts";
import { idSchema, versionNumber } from "../route/wire-schemas.ts";
import { sessionFilterQuery } from "../sessions/session-filters.ts";

const { agent_id, user_id, channel, status, q, since, until } = sessionFilterQuery;

export const replayBodySchema = z
  .strictObject({
    session_id: z.string().min(1).optional().describe("The session to replay"),
    filter: z
      .strictObject({ agent_id, user_id, channel, status, q, since, until })
      .optional()
      .describe("Or several: of those that match and are in the share, the newest, at most 20"),
    agent_id: z.string().min(1).describe("The agent that answers now: id or slug"),
    version: versionNumber.optional().describe("Its version. Default: the current one"),
    share: z
      .number()
      .gt(0)
      .max(1)
      .default(1)
      .describe("The share of all sessions that match. The same sessions each time"),
  })
  .superRefine(({ session_id, filter }, context) => {
    if ((session_id === undefined) !== (filter === undefined)) return;
    context.addIssue({ code: "custom", path: [], message: "expected either session_id or filter" });
  });

/** The result of a turn, in the record or in the replay. */
export const answerSchema = z
  .object({
    replies: z.array(z.string()),
    tools: z.array(z.string()).describe("The tools that were called, in order"),
    total_tokens: z.int().nullable(),
    seconds: z.number().nullable(),
    error_code: z.string().nullable().describe("Null: it was answered"),
  })
  .meta({ id: "ReplayAnswer" });

const totalsSchema = z
  .object({
    answered: z.int().describe("Turns with an answer"),
    total_tokens: z.int().describe("The tokens that the provider counted"),
    seconds: z.number(),
  })
  .meta({ id: "ReplayTotals" });

export const replaySchema = z
  .object({
    agent_id: idSchema,
    version: z.int(),
    matching: z
      .int()
      .describe("The sessions that match and are in the share. Exact up to 10,000, and an estimate beyond"),
    sessions: z.int().describe("Those of them that were replayed"),
    turns: z.int(),
    failures: z.int().describe("Turns that the version did not answer"),
    complete: z.boolean().describe("False: there are more sessions or turns than one call replays"),
    recorded: totalsSchema.describe("Totals of the original turns"),
    replayed: totalsSchema.describe("Totals of the replayed turns"),
    data: z.array(
      z.object({
        session_id: idSchema,
        message_id: idSchema,
        content: z.string().describe("The user's message"),
        recorded: answerSchema,
        replayed: answerSchema,
      }),
    ),
  })
  .meta({ id: "Replay" });

/** Counts answers together. */
export function totalsOf(answers: readonly z.output<typeof answerSchema>[]): z.output<typeof totalsSchema> {
  const sum = (of: "total_tokens" | "seconds") =>
    answers.reduce((total, answer) => total + (answer[of] ?? 0), 0);
  return {
    answered: answers.filter(({ error_code }) => error_code === null).length,
    total_tokens: sum("total_tokens"),
    seconds: Math.round(sum("seconds") * 1000) / 1000,
  };
}

export function toAnswer(answer: ReplayedAnswer): z.output<typeof answerSchema> {
  return {
    replies: answer.replies,
    tools: answer.tools,
    total_tokens: answer.totalTokens,
    seconds: answer.seconds,
    error_code: answer.errorCode,
  };
}
