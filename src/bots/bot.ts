import type { z } from "zod";
import type { AttachmentView, OutboundAttachment } from "../core/attachment.ts";
import type { ButtonSpec } from "../core/button.ts";
import type { Finding } from "../core/finding.ts";
import type { JsonObject } from "../core/json.ts";
import type { Logger } from "../core/logger.ts";
import type { ComingSaying, LaterChange, LaterSaying } from "../core/saying.ts";
import type { TokenUsage } from "../core/token-usage.ts";

/** A message as a model is shown it. */
export interface PromptMessage {
  role: "system" | "user" | "assistant";
  content: string;
  /** Files that belong to it; a model that cannot be shown them is told of them in words. */
  attachments?: readonly TurnAttachment[];
}

/** The individual chatting. */
export interface TurnUser {
  id: string;
  identifier: string;
  name: string | null;
}

/** A file of a message a bot is to answer. Only where its `state` is `stored` is there anything to read. */
export interface TurnAttachment extends AttachmentView {
  /** Opens the file for an hour, without a key. */
  url: string | null;
  /** The file itself, read now; null where it is not kept. */
  content(): Promise<Buffer | null>;
}

/** One of the messages a turn answers. */
export interface TurnInput {
  messageId: string;
  /** Empty where there are only files. */
  text: string;
  /** What the button carries that the user pressed or chose, or the link by which they came. */
  payload?: string;
  /** Whether it is the operator's word to the bot, not the user's. */
  instruction: boolean;
  attachments: readonly TurnAttachment[];
}

/** What a bot is asked to answer. */
export interface Turn {
  executionId: string;
  session: { id: string; channel: string; metadata: JsonObject };
  agent: { id: string; slug: string; version: number };
  user: TurnUser | null;
  /** The messages this turn answers, oldest first: one, or several that were collected. */
  input: readonly TurnInput[];
  /**
   * The whole prompt: the agent's messages, the situation, participant data, the summary, recent history, what is new.
   * Loaded on first use: an echo never pays for it. May ask the bot for a summary first; the signal reaches that too.
   */
  prompt(signal?: AbortSignal): Promise<PromptMessage[]>;
  /** What was said before, oldest first, as far back as the agent's `history` allows. */
  history(): Promise<PromptMessage[]>;
  participantData(): Promise<JsonObject>;
  /** What this bot put down for the user and is still to come. */
  coming(): Promise<ComingSaying[]>;
  /** Tokens that preparing the prompt cost, summaries that is; null for none. */
  overhead(): TokenUsage | null;
}

/** A stretch of a conversation to be folded into its summary. */
export interface SummaryRequest {
  /** The summary so far, which the new one replaces. */
  previous: string | null;
  /** What it does not cover yet, oldest first. */
  messages: readonly PromptMessage[];
  /** How long the new one should be at most, in tokens; the rest is cut off. */
  maxTokens: number;
  /** Another model of the same provider; null: the one that answers. */
  model: string | null;
  signal: AbortSignal;
}

export interface Summary {
  content: string;
  usage?: TokenUsage;
}

/** What a bot shows while it works. */
export type BotProgress =
  | { type: "thinking"; content: string }
  | { type: "tool_start"; id: string; name: string }
  | { type: "tool_end"; id: string; name: string; summary: string }
  | { type: "content"; content: string };

export interface TurnOutput {
  /**
   * Aborted on cancel, interrupt, timeout and lost lease; must reach the bot's own socket. Where it was stopped from
   * outside, the reason has a `stopReason`: `cancelled`, `interrupted`, `lease_lost` or `shutdown`.
   */
  signal: AbortSignal;
  emit(progress: BotProgress): void;
}

/** One message of an answer. */
export interface BotReply {
  content: string;
  /** What the user may press instead of writing; a platform that shows no buttons gets a numbered list. */
  buttons?: readonly ButtonSpec[];
  /** Files to go with it, at addresses that platforms can open; the text may be empty then. */
  attachments?: readonly OutboundAttachment[];
}

/** What a bot answered. No replies means it chose to stay silent only if `silent` is set; otherwise the turn failed. */
export interface BotResult {
  replies: BotReply[];
  silent?: boolean;
  usage?: TokenUsage;
  /** A merge patch (RFC 7396) on the participant data, committed with the reply. */
  participantData?: JsonObject;
  endSession?: boolean;
  /** Messages for the user at times to come, put down with the reply. */
  later?: readonly LaterSaying[];
  /** What becomes of messages that were put down before. */
  laterChanges?: readonly LaterChange[];
}

/**
 * The other seam: something that answers. Throws `BotError` with a reason an operator can act on; when its signal
 * aborts, it rejects with the signal's reason. The `content` it emitted adds up to its replies.
 */
export interface Bot {
  answer(turn: Turn, output: TurnOutput): Promise<BotResult>;
  /** Set by bots whose answers cost tokens: what one reply may take, for budgets to reserve while it is written. */
  readonly outputTokens?: number;
  /** Set by bots that begin with the whole prompt: it is read while the message is still being stored. */
  readonly readsPrompt?: boolean;
  /** Shortens a conversation. A bot without it is sent what fits, under every history mode. Throws like `answer`. */
  summarize?(request: SummaryRequest): Promise<Summary>;
  close?(): Promise<void>;
}

export interface BotDefinition<Config = unknown, Made extends Bot | Promise<Bot> = Bot | Promise<Bot>> {
  type: string;
  /** Every key of the agent's `bot` but `type`, strictly. */
  configSchema: z.ZodType<Config>;
  /** A type with an SDK loads that only now, so that a service pays for the types it is configured with. */
  create(config: Config, deps: { log: Logger }): Made;
  /** Asks the live backend whether a configuration works, at no cost where that can be had, and says what to fix. */
  diagnose?(config: Config, signal: AbortSignal): Promise<Finding[]>;
}

export function defineBot<Config, Made extends Bot | Promise<Bot>>(
  definition: BotDefinition<Config, Made>,
): BotDefinition<Config, Made> {
  return definition;
}
