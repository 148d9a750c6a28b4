import { z } from "zod";
import type {
  ExecutionStatus,
  ExecutionView,
} from "../../../turns/answering/execution-queries-repository.ts";
import { tokenUsageSchema } from "../messages/message-resource.ts";
import { idSchema, timestampSchema } from "../route/wire-schemas.ts";

export const EXECUTION_STATUSES = [
  "pending",
  "running",
  "completed",
  "failed",
  "cancelled",
] as const satisfies readonly ExecutionStatus[];

/** An execution in the API's format. */
export const executionSchema = z
  .object({
    id: idSchema,
    workspace_id: idSchema,
    session_id: idSchema,
    agent_id: idSchema,
    agent_version: z.int(),
    channel: z.string(),
    user_id: idSchema.nullable(),
    user_message_id: idSchema.nullable().describe("The message that it answers"),
    status: z.enum(EXECUTION_STATUSES),
    attempts: z.int(),
    error: z
      .object({ code: z.string(), message: z.string() })
      .nullable()
      .describe("Why it failed or was cancelled, for operators"),
    error_code: z
      .string()
      .nullable()
      .describe("The `code` of `error`, such as `handoff`: a person took over"),
    merged_into: idSchema.nullable().describe("The execution whose answer covers this one's message too"),
    retried_as: idSchema.nullable().describe("The later execution of the same message"),
    cancel_requested_at: timestampSchema.nullable(),
    token_usage: tokenUsageSchema.nullable(),
    finish_reason: z
      .enum(["stop", "length"])
      .nullable()
      .describe(
        "The end of the bot's answer: `length` if a limit cut it short; null if the bot does not report it",
      ),
    duration_ms: z.int().nullable(),
    created_at: timestampSchema,
    started_at: timestampSchema.nullable(),
    ended_at: timestampSchema.nullable(),
  })
  .meta({ id: "Execution" });

export function toExecution(view: ExecutionView): z.output<typeof executionSchema> {
  const { startedAt, endedAt } = view;
  return {
    id: view.id,
    workspace_id: view.workspaceId,
    session_id: view.sessionId,
    agent_id: view.agentId,
    agent_version: view.agentVersion,
    channel: view.channel,
    user_id: view.userId,
    user_message_id: view.userMessageId,
    status: view.status,
    attempts: view.attempts,
    error: view.errorCode === null ? null : { code: view.errorCode, message: view.error ?? "" },
    error_code: view.errorCode,
    merged_into: view.mergedInto,
    retried_as: view.retriedAs,
    cancel_requested_at: view.cancelRequestedAt?.toISOString() ?? null,
    token_usage:
      view.totalTokens === null
        ? null
        : {
            prompt_tokens: view.promptTokens ?? 0,
            completion_tokens: view.completionTokens ?? 0,
            total_tokens: view.totalTokens,
          },
    finish_reason: view.finishReason,
    duration_ms: startedAt && endedAt ? Math.max(0, endedAt.getTime() - startedAt.getTime()) : null,
    created_at: view.createdAt.toISOString(),
    started_at: startedAt?.toISOString() ?? null,
    ended_at: endedAt?.toISOString() ?? null,
  };
}
