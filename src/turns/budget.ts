import type { Bot } from "../bots/bot.ts";
import type { AgentDefinition, BudgetLimit } from "../core/agent-definition.ts";
import type { Clock } from "../core/clock.ts";
import type { Logger } from "../core/logger.ts";
import type { AppliedLimit, BudgetRepository } from "./budget-repository.ts";

/** A turn that may cost something. */
export interface BudgetedTurn {
  agent: { id: string; definition: AgentDefinition; bot: Bot };
  sessionId: string;
  userId: string | null;
  messages: readonly { id: string; origin: "user" | "instruction" | "command" }[];
  /** What its prompt takes; asked only where tokens are limited. */
  promptTokens(): Promise<number>;
}

/** Why a turn may not be carried out. */
export interface BudgetRefusal {
  /** For operators. */
  reason: string;
  /** What the user reads; empty for nothing. */
  reply: string;
  /** Until the limit that was reached is counted anew. */
  retryAfterSeconds: number;
}

export interface Budgets {
  /** Counts a turn before its bot is asked; null where it may be. */
  admit(turn: BudgetedTurn): Promise<BudgetRefusal | null>;
  /** What the turn used in the end; tokens nobody counted are none. */
  settle(turn: BudgetedTurn, tokens: number): Promise<void>;
}

const HOUR_MS = 3_600_000;

/**
 * Keeps agents within their limits, whichever processes their turns run in. Tokens are only known afterwards: while a
 * turn is under way its prompt and its longest reply are counted, so that turns at the same time do not all take the
 * last rest.
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
        counted: main.origin === "user",
        tokens: countsTokens ? outputTokens + (await turn.promptTokens()) : 0,
        limits,
      });
      // Nobody wrote anything that an instruction to the bot could be an answer to.
      const reply = main.origin === "user" ? turn.agent.definition.budgets.reply : "";
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
        // The reservation stays, which errs on the side of the limit.
        log.warn({ err: error, session_id: turn.sessionId }, "could not note what a turn used");
      }
    },
  };
}

/** Runs `prune` no more than once an hour, however often it is called. */
export function hourly(prune: () => Promise<void>): () => Promise<void> {
  let next = 0;
  return async () => {
    if (Date.now() < next) return;
    next = Date.now() + HOUR_MS;
    await prune();
  };
}

/** The limits that apply, each counter once, in an order that is the same for every turn. */
function limitsOf({ agent, sessionId, userId }: BudgetedTurn): AppliedLimit[] {
  const subjects = { session: sessionId, user: userId, agent: agent.id };
  const applied = new Map<string, AppliedLimit>();
  for (const limit of agent.definition.budgets.limits) {
    const subjectId = subjects[limit.per];
    // Nobody in particular is chatting: there is no user to count for.
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

/** Windows follow one another from the epoch on. */
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
