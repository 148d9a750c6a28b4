import type { Bot, PromptMessage, Turn } from "../../bots/bot.ts";
import type { ComingMessage } from "../../core/message/unprompted-message.ts";
import type { Logger } from "../../core/process/logger.ts";
import { addUsage, type TokenUsage } from "../../core/session/token-usage.ts";
import type { Clock } from "../../core/time/clock.ts";
import type { ContextRepository } from "./context-repository.ts";
import {
  composeMaterial,
  historyAlone,
  loadMaterial,
  materialTokens,
  type PromptQuestion,
  withoutSummaries,
  withSummary,
} from "./prompt-material.ts";
import { createSummaries } from "./summarize.ts";

/** The data that a bot may request during one turn. */
export type TurnLookups = Pick<
  Turn,
  "prompt" | "history" | "participantData" | "language" | "coming" | "overhead"
> & {
  /** Tokens of the prompt in its current form; 0 if no prompt is possible. Makes no call to a bot. */
  promptTokens(): Promise<number>;
};

export interface TurnContexts {
  /**
   * The messages that a bot would get now. If a summary is due, they come without the new one. Makes no call to a bot.
   */
  prompt(question: PromptQuestion): Promise<PromptMessage[]>;
  /**
   * The data for one turn, loaded on request. If the prompt is too long and the bot can summarize, the bot makes a
   * summary first.
   */
  forTurn(question: PromptQuestion & { userId: string | null; bot: Bot }): TurnLookups;
  /** Adds all messages so far to the session's summary, even if that is not due. Throws if the bot failed. */
  summarize(
    session: Omit<PromptQuestion, "input" | "beforeSeq"> & { bot: Bot; signal: AbortSignal },
  ): Promise<"summarized" | "unsupported">;
}

/** Maximum time that a turn waits for a summary, milliseconds. It is also at most a third of the turn's time limit. */
const SUMMARY_TIMEOUT_MS = 30_000;
/** A seq after every possible one: a question that is not stored has the whole history before it. */
const AFTER_ALL = 2 ** 31 - 1;
/** Tokens around a summary in the prompt. */
const HEADING_TOKENS = 30;
/** Tokens of the instruction to summarize. */
const INSTRUCTION_TOKENS = 200;

/** Reads prompts and participant data from Postgres at the moment a bot asks for them. */
export function createTurnContexts(deps: {
  repository: ContextRepository;
  /** The unprompted messages that an agent's bot scheduled for a user and that are still due. */
  coming(of: { userId: string; sessionId: string; agentId: string }): Promise<ComingMessage[]>;
  clock: Clock;
  log: Logger;
}): TurnContexts {
  const { repository } = deps;
  const summaries = createSummaries(deps);

  async function promptWithSummary(
    question: PromptQuestion,
    bot: Bot,
    signal: AbortSignal,
    spend: (usage: TokenUsage | null) => void,
  ): Promise<PromptMessage[]> {
    const material = await loadMaterial(repository, question);
    const composed = composeMaterial(material, material.policy.mode);
    const last = composed.toSummarize.at(-1);
    if (last === undefined) return composed.messages;
    if (!bot.summarize) return composeMaterial(material, "truncate").messages;

    const { history, turns } = question.agent.definition;
    const { state, usage } = await summaries.bringUpToDate({
      sessionId: question.sessionId,
      state: material.session,
      throughSeq: last.turnSeq,
      maxTokens: Math.max(16, composed.summaryBudget - HEADING_TOKENS),
      chunkTokens: Math.max(256, history.maxTokens - composed.summaryBudget - INSTRUCTION_TOKENS),
      model: history.summaryModel ?? null,
      count: material.count,
      summarize: (request) =>
        bot.summarize?.(request) ?? Promise.reject(new Error("the bot cannot summarize")),
      timeoutMs: Math.min(SUMMARY_TIMEOUT_MS, Math.ceil(turns.timeoutMs / 3)),
      signal,
    });
    spend(usage);
    return composeMaterial(withSummary(material, state), "truncate").messages;
  }

  return {
    async summarize({ sessionId, agent, bot, signal }) {
      if (!bot.summarize) return "unsupported";
      const { history, turns } = agent.definition;
      const budget = Math.floor(history.maxTokens / 4);
      for (;;) {
        const { session, parts, count } = await loadMaterial(repository, {
          sessionId,
          agent,
          input: [],
          beforeSeq: AFTER_ALL,
        });
        const last = parts.history.at(-1);
        if (last === undefined || last.turnSeq <= session.summarySeq) return "summarized";
        const { state } = await summaries.bringUpToDate({
          sessionId,
          state: session,
          throughSeq: last.turnSeq,
          maxTokens: Math.max(16, budget - HEADING_TOKENS),
          chunkTokens: Math.max(256, history.maxTokens - budget - INSTRUCTION_TOKENS),
          model: history.summaryModel ?? null,
          count,
          summarize: (request) =>
            bot.summarize?.(request) ?? Promise.reject(new Error("the bot cannot summarize")),
          timeoutMs: Math.min(SUMMARY_TIMEOUT_MS, turns.timeoutMs),
          signal,
        });
        if (state.summarySeq <= session.summarySeq)
          throw new Error("the bot could not summarize; see the log");
      }
    },
    async prompt(question) {
      const material = await loadMaterial(repository, question);
      const { messages } = composeMaterial(material, withoutSummaries(material.policy.mode));
      return messages.map(({ role, content }) => ({ role, content }));
    },
    forTurn(question) {
      let prompted: Promise<PromptMessage[]> | null = null;
      let spent: TokenUsage | null = null;
      const { userId, sessionId, agent } = question;
      const of = userId === null ? null : { userId, sessionId, agentId: agent.id };
      return {
        prompt: (signal = new AbortController().signal) => {
          prompted ??= promptWithSummary(question, question.bot, signal, (usage) => {
            spent = addUsage(spent, usage);
          }).catch((error: unknown) => {
            // A further attempt reads again.
            prompted = null;
            throw error;
          });
          return prompted;
        },
        async history() {
          return historyAlone(await loadMaterial(repository, question));
        },
        participantData: async () => (of === null ? {} : repository.participantData(of)),
        language: async () => (userId === null ? null : repository.language(userId)),
        coming: async () => (of === null ? [] : deps.coming(of)),
        overhead: () => spent,
        promptTokens: async () => materialTokens(await loadMaterial(repository, question)),
      };
    },
  };
}
