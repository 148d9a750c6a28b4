import type { OpenHandoff } from "./handoff-types.ts";
import type { Button } from "./message-types.ts";
import type { PageQuery, TokenUsage } from "./types.ts";

export type ExecutionStatus = "pending" | "running" | "completed" | "failed" | "cancelled";

export interface Execution {
  id: string;
  workspaceId: string;
  sessionId: string;
  agentId: string;
  agentVersion: number;
  channel: string;
  userId: string | null;
  userMessageId: string | null;
  status: ExecutionStatus;
  attempts: number;
  error: { code: string; message: string } | null;
  /** The `code` of `error`. */
  errorCode: string | null;
  mergedInto: string | null;
  /** The later execution of the same message. */
  retriedAs: string | null;
  cancelRequestedAt: string | null;
  tokenUsage: TokenUsage | null;
  /** End of the bot's answer: `length` if a limit cut it short; null if the bot does not report it. */
  finishReason: "stop" | "length" | null;
  durationMs: number | null;
  createdAt: string;
  startedAt: string | null;
  endedAt: string | null;
}

export interface ListExecutions extends PageQuery {
  sessionId?: string;
  agentId?: string;
  channel?: string;
  status?: ExecutionStatus;
  /** True: only those whose message has a later execution. */
  retried?: boolean;
}

/** An event of a running turn: `execution` comes first, and exactly one `done` or `error` comes last. */
export type TurnEvent =
  | { type: "execution"; executionId: string | null; userMessageId: string | null }
  | { type: "thinking"; content: string }
  | { type: "tool_start"; id: string; name: string }
  | { type: "tool_end"; id: string; name: string; summary: string }
  | { type: "content"; content: string }
  | {
      type: "done";
      /** `buttons` is present only if there are any. */
      output: { content: string; buttons?: Button[] };
      messageId: string | null;
      tokenUsage: TokenUsage;
      /** Duration in seconds. */
      time: number;
      /** Present only if a limit cut the answer short. */
      finishReason?: "length";
      /** Only where a person answers: there is no reply of the bot's. */
      handoff?: OpenHandoff | null;
    }
  /** `retryAfter`: seconds until another message would be answered, if known. */
  | { type: "error"; message: string; code: string; retryAfter?: number };
