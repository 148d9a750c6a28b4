import type { z } from "zod";
import type { Finding } from "../core/faults/finding.ts";
import type { AttachmentView, OutboundAttachment } from "../core/message/attachment.ts";
import type { ButtonSpec } from "../core/message/button.ts";
import type { MessageContext } from "../core/message/message-context.ts";
import type { ComingMessage, LaterChange, LaterMessage } from "../core/message/unprompted-message.ts";
import type { Logger } from "../core/process/logger.ts";
import type { TokenUsage } from "../core/session/token-usage.ts";
import type { JsonObject } from "../core/text/json.ts";

/** A message in the form that a model receives. */
export interface PromptMessage {
  role: "system" | "user" | "assistant";
  content: string;
  /** Files of the message. A model that cannot read them gets a description in words. */
  attachments?: readonly TurnAttachment[];
}

/** The user of a conversation. */
export interface TurnUser {
  id: string;
  identifier: string;
  name: string | null;
}

/** A file of a message that a bot must answer. Its content exists only if its `state` is `stored`. */
export interface TurnAttachment extends AttachmentView {
  /** Link that opens the file for an hour without a key. */
  url: string | null;
  /** Reads the content now; null if it is not stored. */
  content(): Promise<Buffer | null>;
}

/** One of the messages that a turn answers. */
export interface TurnInput {
  messageId: string;
  /** Empty if there are only files. */
  text: string;
  /** Author, time, and the messages that it refers to. Absent if none of these is known. */
  context?: MessageContext;
  /** Payload of the button that the user pressed or chose, or of the link that brought the user here. */
  payload?: string;
  /** The data behind the words: `location`, `contacts` or `reaction`. Absent for most messages. */
  details?: JsonObject;
  /** True for an instruction from the operator; false for a message from the user. */
  instruction: boolean;
  /** True if a visitor chose the bot's opening. A bot that calls a model passes it on as `openingRequest`. */
  isOpeningRequest?: boolean;
  attachments: readonly TurnAttachment[];
}

/** A request to a bot for an answer. */
export interface Turn {
  executionId: string;
  session: { id: string; channel: string; metadata: JsonObject };
  agent: { id: string; slug: string; version: number };
  user: TurnUser | null;
  /** The messages that this turn answers, oldest first: one, or several that were collected. */
  input: readonly TurnInput[];
  /**
   * The whole prompt: the agent's messages, the situation, participant data, the summary, recent history, new messages.
   * Loaded at first use, so that an echo bot does not pay for it. It may call the bot for a summary first, with the
   * same signal.
   */
  prompt(signal?: AbortSignal): Promise<PromptMessage[]>;
  /** The earlier messages, oldest first, as far back as the agent's `history` allows. */
  history(): Promise<PromptMessage[]>;
  participantData(): Promise<JsonObject>;
  /** The user's language, as a tag (`pt-BR`); null if the channel does not tell it. */
  language(): Promise<string | null>;
  /** Future messages that this bot has scheduled for the user. */
  coming(): Promise<ComingMessage[]>;
  /** Tokens that the prompt's summaries used; null for none. */
  overhead(): TokenUsage | null;
  /** In a replay: the recorded result of a tool. Then no tool runs. Null: the record has none. */
  recordedTools?: (tool: string) => string | null;
}

/** A part of a conversation that the bot must add to its summary. */
export interface SummaryRequest {
  /** The current summary, which the new one replaces. */
  previous: string | null;
  /** The messages after that summary, oldest first. */
  messages: readonly PromptMessage[];
  /** Maximum length of the new summary in tokens. Text beyond it is cut off. */
  maxTokens: number;
  /** Another model of the same provider; null: the model that answers. */
  model: string | null;
  signal: AbortSignal;
}

export interface Summary {
  content: string;
  usage?: TokenUsage;
}

/** Progress that a bot reports during its work. */
export type BotProgress =
  | { type: "thinking"; content: string }
  | { type: "tool_start"; id: string; name: string }
  | { type: "tool_end"; id: string; name: string; summary: string }
  | { type: "content"; content: string }
  /** The content so far was not part of the answer. Show nothing more until the end, and then the whole answer. */
  | { type: "retraction" };

export interface TurnOutput {
  /**
   * Aborted on cancel, interrupt, timeout and lost lease; it must reach the bot's own socket. If the cause is external,
   * its reason has a `stopReason`: `cancelled`, `interrupted`, `reset`, `lease_lost` or `shutdown`.
   */
  signal: AbortSignal;
  emit(progress: BotProgress): void;
}

/** One message of an answer. */
export interface BotReply {
  content: string;
  /** Buttons that the user may press instead of writing. A platform without buttons gets a numbered list. */
  buttons?: readonly ButtonSpec[];
  /** Files to send, at addresses that platforms can open. The text may then be empty. */
  attachments?: readonly OutboundAttachment[];
}

/** The result of a bot. Without replies, the turn fails, unless `silent` shows that the bot chose to stay silent. */
export interface BotResult {
  replies: BotReply[];
  silent?: boolean;
  usage?: TokenUsage;
  /**
   * The way the bot's answer ended. `length` means that a limit cut it off. Absent if the bot does not report
   * it.
   */
  finishReason?: "stop" | "length";
  /** Merge patch (RFC 7396) for the participant data, committed with the reply. */
  participantData?: JsonObject;
  endSession?: boolean;
  /** A person is to answer from now on; committed with the reply. */
  handoff?: { reason: string | null };
  /** Messages to send to the user later. They are scheduled together with the reply. */
  later?: readonly LaterMessage[];
  /** Changes to messages that were scheduled earlier. */
  laterChanges?: readonly LaterChange[];
}

/**
 * The bot interface. A bot answers messages. It throws `BotError` with a reason that an operator can act on. When its
 * signal aborts, it rejects with the signal's reason. The emitted `content` adds up to the replies, unless the bot
 * retracted it.
 */
export interface Bot {
  answer(turn: Turn, output: TurnOutput): Promise<BotResult>;
  /**
   * Maximum tokens of one reply, for bots whose answers cost tokens. Budgets reserve them while the reply is written.
   */
  readonly outputTokens?: number;
  /** True for bots that start with the whole prompt. It is read while the message is still being stored. */
  readonly readsPrompt?: boolean;
  /** Summarizes a conversation. A bot without it gets as much as fits, in every history mode. Throws like `answer`. */
  summarize?(request: SummaryRequest): Promise<Summary>;
  close?(): Promise<void>;
}

export interface BotDefinition<Config = unknown, Made extends Bot | Promise<Bot> = Bot | Promise<Bot>> {
  type: string;
  /** Schema for every key of the agent's `bot` except `type`. It is strict. */
  configSchema: z.ZodType<Config>;
  /** True if an answer has no effects elsewhere while recorded results replace its tools. */
  isReplayable?: boolean;
  /** Creates the bot. An SDK is loaded only here, so that a service loads only the configured types. */
  create(config: Config, deps: { log: Logger }): Made;
  /** Tests the configuration against the live backend, without cost if possible, and returns fixes. */
  diagnose?(config: Config, signal: AbortSignal): Promise<Finding[]>;
}

export function defineBot<Config, Made extends Bot | Promise<Bot>>(
  definition: BotDefinition<Config, Made>,
): BotDefinition<Config, Made> {
  return definition;
}
