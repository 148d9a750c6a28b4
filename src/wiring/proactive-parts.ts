import type { AgentCatalog } from "../agents/agent-catalog.ts";
import { createSessionAgentRepository } from "../agents/session-agent-repository.ts";
import type { ChannelDirectory } from "../channels/channel-directory.ts";
import type { Logger } from "../core/logger.ts";
import { planSchedule } from "../core/plan-schedule.ts";
import { isPrivateHost, publicConnections } from "../core/private-addresses.ts";
import { signatureOf } from "../core/signature.ts";
import { wait } from "../core/wait.ts";
import { createActionRepository } from "../events/action-repository.ts";
import { createActions } from "../events/actions.ts";
import { carryOut } from "../events/carry-out.ts";
import { startEventLoop } from "../events/event-loop.ts";
import { createEventQueries } from "../events/event-queries-repository.ts";
import { createEventRetention } from "../events/event-retention-repository.ts";
import { createFiringRepository } from "../events/firing-repository.ts";
import { postWebhook } from "../events/post-webhook.ts";
import { createTimerRepository } from "../events/timer-repository.ts";
import { scheduleWriteRoutes } from "../http/api/routes/schedule-writes.ts";
import { scheduleRoutes } from "../http/api/routes/schedules.ts";
import { sessionEventRoutes } from "../http/api/routes/session-events.ts";
import { triggerRoutes } from "../http/api/routes/trigger.ts";
import { startScheduleLoop } from "../schedules/schedule-loop.ts";
import { createScheduleQueries } from "../schedules/schedule-queries-repository.ts";
import { createScheduleRepository, laterSchedule } from "../schedules/schedule-repository.ts";
import { createSessionQueriesRepository } from "../sessions/session-queries-repository.ts";
import { endSession } from "../sessions/session-repository.ts";
import type { Engine } from "./engine.ts";
import type { Outreach } from "./outreach.ts";
import type { Pipeline } from "./pipeline.ts";

export interface ProactivePartsDeps {
  engine: Engine;
  channels: ChannelDirectory;
  agents: AgentCatalog;
  pipeline: Pipeline;
  outreach: Outreach;
  /** Whether the platforms of a kind of channel say what arrived. */
  hasReceipts(channelKind: string): boolean;
  role: "all" | "web" | "worker";
  /** How long the event log is kept, days. */
  eventLogDays: number;
  log: Logger;
}

/** How often what is due is looked for, milliseconds. */
const LOOK_MS = 500;
/** How often what is too old in the event log is looked for, milliseconds. */
const SWEEP_MS = 60 * 60_000;
/** When whoever carries out a rule is presumed dead, milliseconds; longer than any action may take. */
const FIRING_LEASE_MS = 120_000;

/** What speaks without being spoken to, wired: event rules, triggers and schedules. */
export function createProactiveParts(deps: ProactivePartsDeps) {
  const { engine, channels, agents, pipeline, outreach, log } = deps;
  const { pool } = engine.database;
  const stopping = new AbortController();
  const firings = createFiringRepository(pool);
  const timers = createTimerRepository(pool);
  const retention = createEventRetention(pool);
  const schedules = createScheduleRepository(pool);
  const queries = createScheduleQueries(pool, { hasReceipts: deps.hasReceipts });

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
      const pinned = await firingAgent(session.agentId, session.agentVersion);
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

  const firingAgent = (agentId: string, version: number) => agents.load(agentId, version);

  let loops: { stop(): Promise<void> }[] = [];

  const sessions = createSessionQueriesRepository(pool);
  const names = {
    agents: createSessionAgentRepository(pool),
    channel: (workspaceId: string, name: string) => {
      const ref = channels.byName(name)?.ref;
      return ref?.workspaceId === workspaceId ? ref : null;
    },
  };

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
    routes: [
      ...triggerRoutes({ ...names, trigger: outreach.trigger }),
      ...scheduleRoutes({ ...names, schedules, queries }),
      ...scheduleWriteRoutes({
        ...names,
        schedules,
        queries,
        timezoneOf: outreach.timezoneOf,
        plan: planSchedule,
      }),
      ...sessionEventRoutes({ sessions, events: createEventQueries(pool) }),
    ],
    async start(): Promise<void> {
      if (deps.role === "web") return;
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
                const { definition } = await firingAgent(agentId, agentVersion);
                const found = definition.events[rule];
                return found?.on === event ? found : null;
              },
              act,
              log,
            },
            firing,
          ),
        lookMs: LOOK_MS,
        log,
      });
      const scheduled = startScheduleLoop({
        schedules,
        async send({ channelId, agentId, identifier, saying }, key) {
          const outcome = await outreach.trigger(
            {
              channel: outreach.running(channelId),
              agentId,
              identifier,
              saying,
              startNewSession: false,
              sessionData: {},
              participantData: {},
              metadata: {},
              key,
            },
            true,
          );
          if (outcome.kind === "deferred") throw new Error("a scheduled message was put off again");
          return outcome;
        },
        quietUntil: ({ channelId, agentId, participantData }) => {
          const { workspaceId } = outreach.running(channelId);
          return outreach.quietFor({ workspaceId, id: agentId }, participantData);
        },
        lookMs: LOOK_MS,
        log,
      });
      const sweeping = keepSweeping();
      loops = [events, scheduled, { stop: () => sweeping }];
    },
    async stop(): Promise<void> {
      stopping.abort();
      await Promise.all(loops.map((loop) => loop.stop()));
    },
  };
}
