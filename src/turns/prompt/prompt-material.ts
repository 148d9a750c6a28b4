import type { PromptMessage } from "../../bots/bot.ts";
import { BotError } from "../../core/faults/errors.ts";
import type { AgentDefinition } from "../../core/session/agent-definition.ts";
import { detectVariables } from "../../core/session/template.ts";
import { languageOf } from "../../core/session/user-language.ts";
import { resolveVariables } from "../../core/session/variables.ts";
import { type ComposedPrompt, composePrompt, type PromptInput, type PromptParts } from "./build-prompt.ts";
import { clipToTokens } from "./clip-tokens.ts";
import type { ContextRepository } from "./context-repository.ts";
import { loadTokenCounter, type TokenCounter } from "./count-tokens.ts";
import type { HistoryMessage, PromptSession, SummaryState } from "./prompt-session.ts";
import { HISTORY_PAGE, recentHistory } from "./recent-history.ts";
import { type HistoryPolicy, promptTokens } from "./select-history.ts";

/** The question that a prompt answers. */
export interface PromptQuestion {
  sessionId: string;
  agent: { id: string; definition: AgentDefinition };
  input: readonly PromptInput[];
  /** The history ends before this seq. A question that is not stored has the whole history before it. */
  beforeSeq: number;
}

/** All parts of a prompt, in one place so that the prompt can be composed again. */
export interface PromptMaterial {
  session: PromptSession;
  parts: PromptParts<HistoryMessage>;
  policy: HistoryPolicy;
  count: TokenCounter;
}

type Composed = Extract<ComposedPrompt<HistoryMessage>, { kind: "prompt" }>;

/** Reads the parts of a prompt. */
export async function loadMaterial(
  repository: ContextRepository,
  { sessionId, agent, input, beforeSeq }: PromptQuestion,
): Promise<PromptMaterial> {
  const [session, counter] = await Promise.all([
    repository.promptSession(sessionId, { agentId: agent.id, beforeSeq, limit: HISTORY_PAGE }),
    loadTokenCounter(modelOf(agent.definition)),
  ]);
  if (!session) throw new BotError("session_gone", "the session was deleted", { retryable: false });
  const policy = agent.definition.history;
  const count = remembered(counter);
  const history = await recentHistory({ repository, session, newest: session.recent, policy, count });
  // A summary can be longer than planned, if somebody wrote it or the budget was lowered since.
  const summary = session.summary && clipToTokens(session.summary, Math.floor(policy.maxTokens / 2), count);
  const parts = { ...promptParts(agent, { ...session, summary }), history, input };
  return { session, parts, policy, count };
}

/** Composes the prompt in a history mode. Throws a `BotError` if even its fixed parts are too long. */
export function composeMaterial(
  { parts, policy, count }: PromptMaterial,
  mode: HistoryPolicy["mode"],
): Composed {
  const composed = composePrompt(parts, { ...policy, mode }, count);
  if (composed.kind === "prompt") return composed;
  const reason = `the prompt takes ${composed.tokens} tokens, history.maxTokens allows ${composed.maxTokens}`;
  throw new BotError("prompt_too_long", reason, { retryable: false });
}

/** The same with a newer summary, which covers more of the history. */
export function withSummary(material: PromptMaterial, { summary, summarySeq }: SummaryState): PromptMaterial {
  const { parts } = material;
  const history = parts.history.filter((message) => message.turnSeq > summarySeq);
  return { ...material, parts: { ...parts, history, session: { ...parts.session, summary } } };
}

/** The history without the agent's own messages around it, for bots that have their own. */
export function historyAlone({ parts, policy, count }: PromptMaterial): PromptMessage[] {
  const agent = { ...parts.agent, messages: [], showParticipantData: false };
  const bare = { ...parts, agent, session: { ...parts.session, situation: null }, input: [] };
  const composed = composePrompt(bare, { ...policy, mode: withoutSummaries(policy.mode) }, count);
  return composed.kind === "prompt" ? composed.messages : [];
}

/** Tokens of the prompt; 0 if no prompt is possible. */
export function materialTokens({ parts, policy, count }: PromptMaterial): number {
  const composed = composePrompt(parts, { ...policy, mode: withoutSummaries(policy.mode) }, count);
  return composed.kind === "prompt" ? promptTokens(composed.messages, count) : 0;
}

/** The mode that applies if no summary is made. */
export function withoutSummaries(mode: HistoryPolicy["mode"]): HistoryPolicy["mode"] {
  return mode === "summarize" ? "truncate" : mode;
}

function promptParts(
  { id, definition }: PromptQuestion["agent"],
  session: PromptSession,
): Omit<PromptParts, "history" | "input"> {
  const detected = detectVariables(definition.messages);
  return {
    agent: {
      id,
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
        profile: {
          user_name: session.user?.name ?? null,
          user_language: session.user && languageOf(session.user.profile),
        },
      }),
    },
    user: session.user,
    participantData: session.participantData,
  };
}

/** Caches counts, because a prompt can be composed twice and no text must be counted twice. */
function remembered(count: TokenCounter): TokenCounter {
  const counts = new Map<string, number>();
  return (text) => {
    const known = counts.get(text);
    if (known !== undefined) return known;
    const tokens = count(text);
    counts.set(text, tokens);
    return tokens;
  };
}

/** The model of an LLM agent, whose tokenizer does the counting. */
function modelOf(definition: AgentDefinition): string | undefined {
  const { config } = definition.bot;
  if (typeof config !== "object" || config === null || !("model" in config)) return undefined;
  return typeof config.model === "string" ? config.model : undefined;
}
