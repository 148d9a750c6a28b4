import type { Bot } from "../../bots/bot.ts";
import type { Logger } from "../../core/process/logger.ts";
import type { AgentDefinition, BudgetLimit } from "../../core/session/agent-definition.ts";
import type { Clock } from "../../core/time/clock.ts";
import type { AppliedLimit, BudgetRepository } from "./budget-repository.ts";

/** A turn that counts against budgets. */
export interface BudgetedTurn {
  agent: { id: string; definition: AgentDefinition; bot: Bot };
  sessionId: string;
  userId: string | null;
  messages: readonly { id: string; role: "user" | "system" }[];
  /** Tokens of the turn's prompt; called only if tokens are limited. */
  promptTokens(): Promise<number>;
}

/** The reason why a turn is refused. */
export interface BudgetRefusal {
  /** The reason, for operators. */
  reason: string;
  /** The text for the user; empty: no text. */
  reply: string;
  /** Time until the window of the reached limit ends. */
  retryAfterSeconds: number;
}

export interface Budgets {
  /** Counts a turn before its bot is called. Null: the turn is allowed. */
  admit(turn: BudgetedTurn): Promise<BudgetRefusal | null>;
  /** Records the tokens that the turn used. Without a count they are 0. */
  settle(turn: BudgetedTurn, tokens: number): Promise<void>;
}

const HOUR_MS = 3_600_000;

/**
 * Keeps agents within their limits, in whatever processes their turns run. The real token count is known only
 * afterwards. So a running turn reserves its prompt and its longest reply. Otherwise parallel turns would all use the
 * same remainder.
 */
export function createBudgets(deps: { repository: BudgetRepository; clock: Clock; log: Logger }): Budgets {
  const { repository, clock, log } = deps;
  return {
    async admit(turn) {
      const limits = limitsOf(turn);
      const main = turn.messages.at(-1);
      if (limits.length === 0 || main === undefined) return null;
      const { outputTokens } = turn.agent.bot;
      const countsTokens = outputTokens !== undefined && limits.some(({ tokens }) => tokens !== null);
      const reached = await repository.admit({
        messageIds: turn.messages.map(({ id }) => id),
        mainId: main.id,
        counted: main.role === "user",
        tokens: countsTokens ? outputTokens + (await turn.promptTokens()) : 0,
        limits,
      });
      // A turn for an instruction has no user message to reply to.
      const reply = main.role === "user" ? turn.agent.definition.budgets.reply : "";
      return (
        reached && {
          reason: reasonOf(reached),
          reply,
          retryAfterSeconds: secondsLeft(reached, clock.now()),
        }
      );
    },
    async settle(turn, tokens) {
      const limits = limitsOf(turn).filter((limit) => limit.tokens !== null);
      const main = turn.messages.at(-1);
      if (limits.length === 0 || main === undefined) return;
      try {
        await repository.settle(main.id, tokens, limits);
      } catch (error) {
        // The reservation stays, so the counter is too high rather than too low.
        log.warn({ err: error, session_id: turn.sessionId }, "could not store the usage of a turn");
      }
    },
  };
}

/** Runs `prune` at most once an hour, however often it is called. */
export function hourly(prune: () => Promise<void>): () => Promise<void> {
  let next = 0;
  return async () => {
    if (Date.now() < next) return;
    next = Date.now() + HOUR_MS;
    await prune();
  };
}

/** The limits that apply, with each counter once, in the same order for every turn. */
function limitsOf({ agent, sessionId, userId }: BudgetedTurn): AppliedLimit[] {
  const subjects = { session: sessionId, user: userId, agent: agent.id };
  const applied = new Map<string, AppliedLimit>();
  for (const limit of agent.definition.budgets.limits) {
    const subjectId = subjects[limit.per];
    // The session has no user, so there is nobody to count for.
    if (subjectId === null) continue;
    const windowSeconds = Math.round(limit.windowMs / 1000);
    const key = `${limit.per} ${windowSeconds}`;
    const known = applied.get(key);
    applied.set(key, {
      agentId: agent.id,
      scope: limit.per,
      subjectId,
      windowSeconds,
      messages: lower(known?.messages ?? null, limit.messages),
      tokens: lower(known?.tokens ?? null, limit.tokens),
    });
  }
  return [...applied].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, limit]) => limit);
}

function lower(one: number | null, other: BudgetLimit["tokens"]): number | null {
  if (one === null || other === null) return one ?? other;
  return Math.min(one, other);
}

/** Windows follow one another from the Unix epoch. */
function secondsLeft({ windowSeconds }: AppliedLimit, now: Date): number {
  return Math.ceil(windowSeconds - ((now.getTime() / 1000) % windowSeconds));
}

function reasonOf({ scope, windowSeconds, messages, tokens }: AppliedLimit): string {
  const amounts = [
    ...(messages === null ? [] : [`${messages} messages`]),
    ...(tokens === null ? [] : [`${tokens} tokens`]),
  ];
  return `the agent's budget is used up: ${amounts.join(" and ")} per ${scope} in ${windowSeconds} s (budgets.limits)`;
}
