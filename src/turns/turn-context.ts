import type { PromptMessage, Turn } from "../bots/bot.ts";
import type { AgentDefinition } from "../core/agent-definition.ts";
import { BotError } from "../core/errors.ts";
import { detectVariables } from "../core/template.ts";
import { resolveVariables } from "../core/variables.ts";
import { composePrompt } from "./build-prompt.ts";
import type { ContextRepository } from "./context-repository.ts";
import { loadTokenCounter } from "./count-tokens.ts";

/** What a prompt answers. */
export interface PromptQuestion {
  sessionId: string;
  agent: { id: string; definition: AgentDefinition };
  input: readonly { text: string; instruction: boolean }[];
  /** History ends before this seq; a question that is not stored has everything before it. */
  beforeSeq: number;
}

export interface TurnContexts {
  /** The exact messages a bot is sent. */
  prompt(question: PromptQuestion): Promise<PromptMessage[]>;
  /** What a turn may look up, loaded when it does. */
  forTurn(question: PromptQuestion & { userId: string | null }): Pick<Turn, "prompt" | "participantData">;
}

/** Prompts and participant data, read from Postgres at the moment a bot asks. */
export function createTurnContexts(repository: ContextRepository): TurnContexts {
  async function prompt({ sessionId, agent, input, beforeSeq }: PromptQuestion): Promise<PromptMessage[]> {
    const { definition } = agent;
    const session = await repository.promptSession(sessionId);
    if (!session) throw new BotError("session_gone", "the session was deleted", { retryable: false });
    const history = await repository.history(sessionId, { afterSeq: session.summarySeq, beforeSeq });
    const detected = detectVariables(definition.messages);
    const parts = {
      agent: {
        id: agent.id,
        slug: definition.slug,
        name: definition.name,
        messages: definition.messages,
        declaredVariables: Object.keys(definition.variables),
        showParticipantData: definition.participantData === "prompt",
      },
      session: {
        ...session,
        variables: resolveVariables({
          specs: definition.variables,
          detected,
          explicit: session.variables,
          participantData: session.participantData,
          profile: { user_name: session.user?.name ?? null },
        }),
      },
      user: session.user,
      participantData: session.participantData,
      history,
      input,
    };
    const counter = await loadTokenCounter(modelOf(definition));
    const composed = composePrompt(parts, definition.history, counter);
    if (composed.kind === "too_long") {
      const reason = `the prompt takes ${composed.tokens} tokens, history.maxTokens allows ${composed.maxTokens}`;
      throw new BotError("prompt_too_long", reason, { retryable: false });
    }
    return composed.messages;
  }

  return {
    prompt,
    forTurn(question) {
      let prompted: Promise<PromptMessage[]> | null = null;
      return {
        prompt: () => {
          prompted ??= prompt(question);
          return prompted;
        },
        participantData: async () =>
          question.userId === null ? {} : repository.participantData(question.userId, question.agent.id),
      };
    },
  };
}

/** The model of an LLM agent, for counting tokens the way it does. */
function modelOf(definition: AgentDefinition): string | undefined {
  const { config } = definition.bot;
  if (typeof config !== "object" || config === null || !("model" in config)) return undefined;
  return typeof config.model === "string" ? config.model : undefined;
}
