import type { Bot, PromptMessage, Turn } from "../bots/bot.ts";
import type { Clock } from "../core/clock.ts";
import type { Logger } from "../core/logger.ts";
import type { ComingSaying } from "../core/saying.ts";
import { addUsage, type TokenUsage } from "../core/token-usage.ts";
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

/** What a bot may look up in one turn. */
export type TurnLookups = Pick<Turn, "prompt" | "history" | "participantData" | "coming" | "overhead"> & {
  /** What the prompt would take as it is now, in tokens; 0 where there can be none. Asks no bot for anything. */
  promptTokens(): Promise<number>;
};

export interface TurnContexts {
  /** The messages a bot would be sent now; where a summary is due, those without it. Asks no bot for anything. */
  prompt(question: PromptQuestion): Promise<PromptMessage[]>;
  /** What a turn may look up, loaded when it does. A bot that can summarize is asked to before a prompt that does not fit. */
  forTurn(question: PromptQuestion & { userId: string | null; bot: Bot }): TurnLookups;
  /**
   * Folds everything said so far into the session's summary, whether or not that is due. Throws where the bot failed to.
   */
  summarize(
    session: Omit<PromptQuestion, "input" | "beforeSeq"> & { bot: Bot; signal: AbortSignal },
  ): Promise<"summarized" | "unsupported">;
}

/** The most a summary may make a turn wait, milliseconds; also at most a third of what the turn has. */
const SUMMARY_TIMEOUT_MS = 30_000;
/** Beyond every seq: a question that is not stored has the whole history before it. */
const AFTER_ALL = 2 ** 31 - 1;
/** What stands around a summary in the prompt. */
const HEADING_TOKENS = 30;
/** What the instruction to summarize costs. */
const INSTRUCTION_TOKENS = 200;

/** Prompts and participant data, read from Postgres at the moment a bot asks. */
export function createTurnContexts(deps: {
  repository: ContextRepository;
  /** What an agent's bot put down for a user and is still to come. */
  coming(of: { userId: string; agentId: string }): Promise<ComingSaying[]>;
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
        participantData: async () =>
          question.userId === null ? {} : repository.participantData(question.userId, question.agent.id),
        coming: async () =>
          question.userId === null
            ? []
            : deps.coming({ userId: question.userId, agentId: question.agent.id }),
        overhead: () => spent,
        promptTokens: async () => materialTokens(await loadMaterial(repository, question)),
      };
    },
  };
}
