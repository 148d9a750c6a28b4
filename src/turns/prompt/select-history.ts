import type { PromptMessage } from "../../bots/bot.ts";
import { TOKENS_PER_MESSAGE, type TokenCounter } from "./count-tokens.ts";

/** The part of a long conversation that a bot receives (the agent's `history`). */
export interface HistoryPolicy {
  mode: "summarize" | "truncate" | "last_n";
  /** Maximum tokens of a whole prompt, including system messages and the new message. */
  maxTokens: number;
  /**
   * `last_n`: maximum number of messages. `summarize`: number of messages that stay unchanged when a summary is made.
   */
  keepMessages: number;
}

export interface HistoryQuestion<M extends PromptMessage> extends HistoryPolicy {
  /** Tokens of the parts that always come before the history: agent messages, situation, participant data. */
  systemTokens: number;
  /** Tokens of the current summary; 0 without one. */
  summaryTokens: number;
  /** Messages that the current summary does not cover, oldest first. */
  messages: readonly M[];
  newMessages: readonly PromptMessage[];
  count: TokenCounter;
}

export interface HistorySelection<M extends PromptMessage> {
  /** The newest messages that fit, oldest first. */
  send: M[];
  /** `summarize`: the older messages, each of which goes into the summary once. Otherwise empty. */
  toSummarize: M[];
  /** Maximum tokens of the next summary, so that `send` still fits beside it. */
  summaryBudget: number;
  /** False if the parts that are always sent exceed the budget without any history. */
  fits: boolean;
}

/**
 * Selects the part of the history for the prompt. It walks back from the newest message and stops when the budget ends.
 * So the budget limits its cost, not the length of the conversation.
 */
export function selectHistory<M extends PromptMessage>(question: HistoryQuestion<M>): HistorySelection<M> {
  const { mode, maxTokens, messages, count } = question;
  const fixed = question.systemTokens + promptTokens(question.newMessages, count);
  const room = maxTokens - fixed - question.summaryTokens;
  const summaryBudget = Math.max(question.summaryTokens, Math.floor((maxTokens - fixed) / 4), 0);

  const allowed = mode === "last_n" ? question.keepMessages : messages.length;
  const newest = newestThatFit(messages, allowed, room, count);
  if (mode !== "summarize" || newest === messages.length) {
    return { send: lastOf(messages, newest), toSummarize: [], summaryBudget, fits: room >= 0 };
  }

  // A history that no longer fits is cut to `keepMessages` at once. A summary in every turn would cost a call in every
  // turn. For the same reason half of the space stays free for later messages.
  const beside = Math.min(maxTokens - fixed - summaryBudget, Math.floor((maxTokens - fixed) / 2));
  const kept = newestThatFit(messages, Math.min(question.keepMessages, newest), beside, count);
  return {
    send: lastOf(messages, kept),
    toSummarize: messages.slice(0, messages.length - kept),
    summaryBudget,
    fits: room >= 0,
  };
}

/** Tokens of messages in a prompt. */
export function promptTokens(messages: readonly PromptMessage[], count: TokenCounter): number {
  return messages.reduce((sum, message) => sum + count(message.content) + TOKENS_PER_MESSAGE, 0);
}

function newestThatFit(
  messages: readonly PromptMessage[],
  allowed: number,
  room: number,
  count: TokenCounter,
): number {
  let left = room;
  let taken = 0;
  while (taken < allowed) {
    const message = messages.at(-1 - taken);
    if (message === undefined) break;
    left -= count(message.content) + TOKENS_PER_MESSAGE;
    if (left < 0) break;
    taken += 1;
  }
  return taken;
}

function lastOf<M>(messages: readonly M[], count: number): M[] {
  return messages.slice(messages.length - count);
}
