import type { PromptMessage } from "../bots/bot.ts";
import { TOKENS_PER_MESSAGE, type TokenCounter } from "./count-tokens.ts";

/** How much of a long conversation a bot is shown (the agent's `history`). */
export interface HistoryPolicy {
  mode: "summarize" | "truncate" | "last_n";
  /** The most tokens a whole prompt may have, system messages and new message included. */
  maxTokens: number;
  /** `last_n`: how many messages are sent at most. `summarize`: how many stay as they are once it comes to a summary. */
  keepMessages: number;
}

export interface HistoryQuestion<M extends PromptMessage> extends HistoryPolicy {
  /** Tokens of all that is sent in any case before the history: agent messages, situation, participant data. */
  systemTokens: number;
  /** Tokens of the present summary; 0 without one. */
  summaryTokens: number;
  /** What the present summary does not cover, oldest first. */
  messages: readonly M[];
  newMessages: readonly PromptMessage[];
  count: TokenCounter;
}

export interface HistorySelection<M extends PromptMessage> {
  /** The newest messages that fit, oldest first. */
  send: M[];
  /** `summarize`: the older ones, to be folded into the summary, each once. Otherwise empty. */
  toSummarize: M[];
  /** The most tokens the next summary may have for `send` to still fit beside it. */
  summaryBudget: number;
  /** False when the parts that are always sent exceed the budget without any history. */
  fits: boolean;
}

/**
 * Decides what of the history is sent. Walks back from the newest message and stops where the budget ends, so its
 * cost is bounded by the budget and not by the length of the conversation.
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

  // Once it does not fit any more, go down to keepMessages at once: a summary every turn would cost a call every turn.
  // For the same reason half of the room stays free for what comes.
  const beside = Math.min(maxTokens - fixed - summaryBudget, Math.floor((maxTokens - fixed) / 2));
  const kept = newestThatFit(messages, Math.min(question.keepMessages, newest), beside, count);
  return {
    send: lastOf(messages, kept),
    toSummarize: messages.slice(0, messages.length - kept),
    summaryBudget,
    fits: room >= 0,
  };
}

/** What messages cost in a prompt. */
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
