import type { Button } from "../../core/message/button.ts";
import type { Answered } from "../../core/message/outbound.ts";
import type { ReplyPart } from "../../core/message/reply-parts.ts";
import type { SentFile } from "../../core/message/sent-file.ts";
import type { TypedChoices } from "../../core/message/typed-choices.ts";
import type { LogEntry } from "../../core/session/turn-log.ts";
import type { JsonObject } from "../../core/text/json.ts";

/** The end of one execution. */
export interface ExecutionResult {
  id: string;
  status: "completed" | "failed" | "cancelled";
  attempts: number;
  errorCode: string | null;
  error: string | null;
  mergedInto: string | null;
  promptTokens: number | null;
  completionTokens: number | null;
  totalTokens: number | null;
  /** The reason why the bot's text ended, if the bot reported it. */
  finishReason: "stop" | "length" | null;
  log: LogEntry[] | null;
  startedAt: Date;
  /** Its preview was passed on to a delivery. */
  previewTaken?: boolean;
}

/** A file of a reply. A sound that was kept before has no address of its own. */
export type StoredFile = Omit<SentFile, "url"> & { url: string | null };

/** A message that the turn writes. */
export interface ReplyRow {
  id: string;
  role: "assistant" | "tool";
  origin: "bot" | "notice" | "operator" | "tool";
  content: string;
  buttons: readonly Button[] | null;
  /** The choices that the reply offers to the user. */
  choices: TypedChoices | null;
  /** Its files, each in its own part. */
  files: readonly StoredFile[];
  metadata: JsonObject;
  executionId: string | null;
  /** The parts for sending it; none if it is not sent. */
  deliveries: ({ id: string; preview?: string } & ReplyPart)[];
}

/** The end of a turn: everything that it wrote, committed together and only while the lease is valid. */
export interface TurnCommit {
  sessionId: string;
  leaseToken: number;
  answeredSeq: number;
  /** The version of the agent that answered; absent if none was asked. */
  agentVersion?: number;
  executions: ExecutionResult[];
  replies: ReplyRow[];
  /** The user's messages that the replies answer; null or absent if they answer none. */
  answers?: Answered | null;
  /** The commit may claim the deliveries for this process. */
  claims?: boolean;
}

/** The outcome of a commit. `lost`: another process has the lease. */
export type TurnCommitted =
  /**
   * `more`: messages wait and the lane is still ours. Otherwise the lane was released. `edited`: a waiting message was
   * edited, so that the lane reads it again. `claimedAt`: the deliveries are claimed, and go to this address.
   */
  { kind: "committed"; more: boolean; edited?: true; claimedAt?: string } | { kind: "lost" };
