import type { AgentCatalog } from "../agents/agent-catalog.ts";
import type { Logger } from "../core/logger.ts";
import { isPrivateHost, publicConnections } from "../core/private-addresses.ts";
import { signatureOf } from "../core/signature.ts";
import { wait } from "../core/wait.ts";
import { createActionRepository } from "../events/action-repository.ts";
import { createActions } from "../events/actions.ts";
import { carryOut } from "../events/carry-out.ts";
import { startEventLoop } from "../events/event-loop.ts";
import { createEventRetention } from "../events/event-retention-repository.ts";
import { createFiringRepository } from "../events/firing-repository.ts";
import { postWebhook } from "../events/post-webhook.ts";
import { createTimerRepository } from "../events/timer-repository.ts";
import { laterSchedule, type ScheduleRepository } from "../schedules/schedule-repository.ts";
import { endSession } from "../sessions/session-repository.ts";
import type { Engine } from "./engine.ts";
import type { Outreach } from "./outreach.ts";
import type { Pipeline } from "./pipeline.ts";

export interface EventPartsDeps {
  engine: Engine;
  agents: AgentCatalog;
  pipeline: Pipeline;
  outreach: Outreach;
  schedules: Pick<ScheduleRepository, "add">;
  /** How often what is due is looked for, milliseconds. */
  lookMs: number;
  /** How long the event log is kept, days. */
  eventLogDays: number;
  log: Logger;
}

/** How often what is too old in the event log is looked for, milliseconds. */
const SWEEP_MS = 60 * 60_000;
/** When whoever carries out a rule is presumed dead, milliseconds; longer than any action may take. */
const FIRING_LEASE_MS = 120_000;

/** Event rules, wired: timers that fire, actions that follow, and a log that is forgotten in time. */
export function createEventParts(deps: EventPartsDeps) {
  const { engine, agents, pipeline, outreach, schedules, log } = deps;
  const { pool } = engine.database;
  const stopping = new AbortController();
  const firings = createFiringRepository(pool);
  const timers = createTimerRepository(pool);
  const retention = createEventRetention(pool);

  const act = createActions({
    repository: createActionRepository(pool, {
      endSession: (client, sessionId) => endSession(client, { sessionId, reason: "event", authority: "any" }),
    }),
    async say({ session, ...request }) {
      const limits = outreach.running(session.channelId);
      const outcome = await outreach.say({ ...request, sessionId: session.id, limits });
      return outcome.kind === "spoken" ? outcome : outcome.kind;
    },
    async summarize(session) {
      const pinned = await agents.load(session.agentId, session.agentVersion);
      return pipeline.contexts.summarize({
        sessionId: session.id,
        agent: { id: pinned.id, definition: pinned.definition },
        bot: pinned.bot,
        signal: stopping.signal,
      });
    },
    async schedule({ id, session, afterMs, saying }) {
      const dueAt = new Date(Date.now() + afterMs);
      const { workspaceId, agentId, channelId, user } = session;
      if (!user) throw new Error("the session has no user");
      const later = { at: dueAt, saying };
      await schedules.add(
        laterSchedule({ id, workspaceId, agentId, channelId, userId: user.id, madeBy: "event", later }),
      );
      return dueAt;
    },
    async unreachable({ channelId, user }) {
      if (!user) return null;
      const { state } = await outreach.reachOf({ channelId, identifier: user.identifier });
      return state.kind === "unreachable" ? state.reason : null;
    },
    quietUntil: ({ workspaceId, agentId, agentVersion, participantData }) =>
      outreach.quietFor({ workspaceId, id: agentId, version: agentVersion }, participantData),
    post: (webhook) =>
      postWebhook({ sign: signatureOf, isPrivateHost, publicConnections, signal: stopping.signal }, webhook),
    notify: (session) => pipeline.notifySession(session.channelId, session.id, { type: "messages" }),
    log,
  });

  async function keepSweeping(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        const swept = await retention.sweep(deps.eventLogDays, stopping.signal);
        if (swept > 0) log.info({ swept }, "forgot what event rules did long ago");
      } catch (error) {
        log.warn({ err: error }, "could not sweep the event log");
      }
      await wait(SWEEP_MS, stopping.signal);
    }
  }

  return {
    async start(): Promise<{ stop(): Promise<void> }> {
      if (engine.alone) await firings.freeAll();
      const events = startEventLoop({
        fireTimers: timers.fireDue,
        ahead: timers.ahead,
        claim: (limit) => firings.claim(limit, FIRING_LEASE_MS),
        carryOut: (firing) =>
          carryOut(
            {
              firings,
              async rule({ agentId, agentVersion, rule, event }) {
                const { definition } = await agents.load(agentId, agentVersion);
                const found = definition.events[rule];
                return found?.on === event ? found : null;
              },
              act,
              log,
            },
            firing,
          ),
        lookMs: deps.lookMs,
        log,
      });
      const sweeping = keepSweeping();
      return {
        async stop() {
          stopping.abort();
          await Promise.all([events.stop(), sweeping]);
        },
      };
    },
  };
}
