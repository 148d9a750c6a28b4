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
  mergedInto: string | null;
  cancelRequestedAt: string | null;
  tokenUsage: TokenUsage | null;
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
}

/** What a turn says while it runs: `execution` first, exactly one `done` or `error` last. */
export type TurnEvent =
  | { type: "execution"; executionId: string | null; userMessageId: string | null }
  | { type: "thinking"; content: string }
  | { type: "tool_start"; id: string; name: string }
  | { type: "tool_end"; id: string; name: string; summary: string }
  | { type: "content"; content: string }
  | {
      type: "done";
      /** `buttons` only where there are any. */
      output: { content: string; buttons?: Button[] };
      messageId: string | null;
      tokenUsage: TokenUsage;
      /** Seconds. */
      time: number;
    }
  /** `retryAfter`: seconds after which another message would be answered, where that is known. */
  | { type: "error"; message: string; code: string; retryAfter?: number };
