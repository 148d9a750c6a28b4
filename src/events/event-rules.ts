import type { AgentCatalog } from "../agents/agent-catalog.ts";
import { keepSweeping } from "../core/process/keep-sweeping.ts";
import type { Logger } from "../core/process/logger.ts";
import type { Handoffs } from "../handoffs/handoffs-repository.ts";
import { createScheduleRepository } from "../schedules/schedule-repository.ts";
import { endSession } from "../sessions/end-repository.ts";
import type { NotifySession } from "../sessions/session-notices.ts";
import type { Database } from "../storage/database.ts";
import { createOwnClaims } from "../storage/own-claims.ts";
import { retryDuringOutage } from "../storage/retry-during-outage.ts";
import type { Outreach } from "../triggers/outreach.ts";
import type { TurnContexts } from "../turns/prompt/turn-context.ts";
import { createActionEffects } from "./action-effects.ts";
import { createActionRepository } from "./action-repository.ts";
import { createActions } from "./actions.ts";
import { type CarryOutDeps, carryOut } from "./carry-out.ts";
import { startEventLoop } from "./event-loop.ts";
import { createEventRetention } from "./event-retention-repository.ts";
import { createFiringRepository } from "./firing-repository.ts";
import { createTimerRepository } from "./timer-repository.ts";

export interface EventRulesDeps {
  engine: { database: Pick<Database, "pool">; alone: boolean };
  agents: Pick<AgentCatalog, "load">;
  outreach: Outreach;
  pipeline: {
    /** The id of this process in claims. */
    owner: string;
    /** Aborts when a stop has no time left. */
    giveUp: AbortSignal;
    handoffs: Pick<Handoffs, "request">;
    contexts: Pick<TurnContexts, "summarize">;
    notifySession: NotifySession;
  };
  /** `pollMs`: interval of checks for due work. `keepDays`: retention of the event log. */
  times: { pollMs: number; keepDays: number };
  log: Logger;
}

/**
 * After this time the process that carries out a rule is presumed dead, milliseconds. It is longer than any action may
 * take.
 */
const FIRING_LEASE_MS = 120_000;
/** The result of a finished action waits this long for the database during an outage, milliseconds. */
const WRITE_PATIENCE_MS = 60_000;

/** Starts event rules: timers that fire, actions that follow, and the retention of the log. */
export async function startEventRules(deps: EventRulesDeps): Promise<{ stop(): Promise<void> }> {
  const { engine, pipeline, times, log } = deps;
  const { pool } = engine.database;
  const stopping = new AbortController();
  const rows = createFiringRepository(pool, { owner: pipeline.owner, leaseMs: FIRING_LEASE_MS });
  const patient = <T>(write: () => Promise<T>) =>
    retryDuringOutage(write, { patienceMs: WRITE_PATIENCE_MS, signal: pipeline.giveUp });
  const firings: CarryOutDeps["firings"] = {
    progress: (...done) => patient(() => rows.progress(...done)),
    end: (...end) => patient(() => rows.end(...end)),
    later: (...again) => patient(() => rows.later(...again)),
  };
  const rule = ruleIn(deps.agents);
  const act = actionsOf(deps, stopping.signal);
  // No other process can be alive, so no process carries out the claimed rules.
  if (engine.alone) await rows.releaseAll();
  const timers = createTimerRepository(pool);
  const loop = startEventLoop({
    fireTimers: timers.fireDue,
    ahead: timers.ahead,
    claims: createOwnClaims(rows),
    carryOut: (firing) => carryOut({ firings, rule, act, log }, firing),
    pollMs: times.pollMs,
    log,
  });
  const { sweep } = createEventRetention(pool);
  const sweeping = keepSweeping({
    sweep: (stop) => sweep(times.keepDays, stop),
    said: {
      swept: "deleted old entries of the event log",
      failed: "could not delete old entries of the event log",
    },
    stopping: stopping.signal,
    log,
  });
  return {
    async stop() {
      stopping.abort();
      await Promise.all([loop.stop(), sweeping]);
    },
  };
}

/** Finds the rule of a firing in the agent's version; null: the version has another rule there. */
function ruleIn(agents: EventRulesDeps["agents"]): CarryOutDeps["rule"] {
  return async ({ agentId, agentVersion, rule, event }) => {
    const { definition } = await agents.load(agentId, agentVersion);
    const found = definition.events[rule];
    return found?.on === event ? found : null;
  };
}

function actionsOf(deps: EventRulesDeps, stopping: AbortSignal): CarryOutDeps["act"] {
  const { engine, agents, outreach, pipeline, log } = deps;
  const { handoffs, contexts, notifySession } = pipeline;
  const { pool } = engine.database;
  const schedules = createScheduleRepository(pool);
  return createActions({
    repository: createActionRepository(pool, {
      endSession: (client, sessionId) => endSession(client, { sessionId, reason: "event" }),
    }),
    effects: createActionEffects({ agents, outreach, handoffs, contexts, schedules, stopping }),
    notify: (session) => notifySession(session.channelId, session.id, { type: "messages" }),
    log,
  });
}
