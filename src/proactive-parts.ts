import type { AgentCatalog } from "./agents/agent-catalog.ts";
import { createSessionAgentRepository } from "./agents/session-agent-repository.ts";
import type { ChannelDirectory } from "./channels/channel-directory.ts";
import type { JsonObject } from "./core/json.ts";
import type { Logger } from "./core/logger.ts";
import { planSchedule } from "./core/plan-schedule.ts";
import { isPrivateHost, publicConnections } from "./core/private-addresses.ts";
import { quietUntil } from "./core/quiet-hours.ts";
import { signatureOf } from "./core/signature.ts";
import { isTimezone } from "./core/wall-clock.ts";
import type { Engine } from "./engine.ts";
import { createActionRepository } from "./events/action-repository.ts";
import { createActions } from "./events/actions.ts";
import { carryOut } from "./events/carry-out.ts";
import { startEventLoop } from "./events/event-loop.ts";
import { createEventQueries } from "./events/event-queries-repository.ts";
import { createFiringRepository } from "./events/firing-repository.ts";
import { postWebhook } from "./events/post-webhook.ts";
import { createTimerRepository } from "./events/timer-repository.ts";
import { scheduleRoutes } from "./http/api/routes/schedules.ts";
import { sessionEventRoutes } from "./http/api/routes/session-events.ts";
import { triggerRoutes } from "./http/api/routes/trigger.ts";
import type { Pipeline } from "./pipeline.ts";
import { startScheduleLoop } from "./schedules/schedule-loop.ts";
import { createScheduleQueries } from "./schedules/schedule-queries-repository.ts";
import { createScheduleRepository, sayOnce } from "./schedules/schedule-repository.ts";
import { createSessionQueriesRepository } from "./sessions/session-queries-repository.ts";
import { endSession, resetInTransaction } from "./sessions/session-repository.ts";
import type { Spoken } from "./triggers/speak-repository.ts";
import { createTriggerRepository, type Trigger } from "./triggers/trigger-repository.ts";

export interface ProactivePartsDeps {
  engine: Engine;
  channels: ChannelDirectory;
  agents: AgentCatalog;
  pipeline: Pipeline;
  role: "all" | "web" | "worker";
  log: Logger;
}

/** How often what is due is looked for, milliseconds. */
const LOOK_MS = 500;
/** When whoever carries out a rule is presumed dead, milliseconds; longer than any action may take. */
const FIRING_LEASE_MS = 120_000;

/** What speaks without being spoken to, wired: event rules, triggers and schedules. */
export function createProactiveParts(deps: ProactivePartsDeps) {
  const { engine, channels, agents, pipeline, log } = deps;
  const { pool } = engine.database;
  const stopping = new AbortController();
  const sessionAgents = createSessionAgentRepository(pool);
  const firings = createFiringRepository(pool);
  const timers = createTimerRepository(pool);
  const triggers = createTriggerRepository({
    pool,
    reset: async (client, { id, newSessionId }) =>
      resetInTransaction(client, {
        sessionId: id,
        reason: "new_session",
        authority: "any",
        agentVersion: null,
        newSessionId,
        commandSeq: null,
        notice: null,
        lease: null,
      }),
  });

  const schedules = createScheduleRepository(pool);

  const running = (channelId: string) => {
    const channel = channels.byId(channelId);
    if (!channel) throw new Error("the session's channel is not running");
    return channel.ref;
  };

  /** Moves what was said: the bot is woken, or the text is sent. What a crash keeps from here, the reconciler does. */
  async function move(spoken: Spoken): Promise<void> {
    if (spoken.deliveryIds.length > 0) pipeline.enqueueDeliveries(spoken.channelId, spoken.deliveryIds);
    pipeline.notifySession(spoken.channelId, spoken.sessionId, { type: "messages" });
    if (spoken.executionId === null) return;
    try {
      await pipeline.wakeSession(spoken.sessionId);
    } catch (error) {
      log.warn({ err: error, session_id: spoken.sessionId }, "could not wake a session; the reconciler will");
    }
  }

  async function currentVersion(workspaceId: string, agentId: string): Promise<number> {
    const agent = await sessionAgents.find(workspaceId, agentId);
    if (!agent) throw new Error("the agent is not there any more");
    return agent.currentVersion;
  }

  /** A user's own time zone, where one is known, goes before the agent's. */
  async function quietFor(agentId: string, version: number, data: JsonObject): Promise<Date | null> {
    const { quietHours } = (await agents.load(agentId, version)).definition;
    if (!quietHours) return null;
    const { timezone } = data;
    const own = typeof timezone === "string" && isTimezone(timezone) ? { timezone } : {};
    return quietUntil({ ...quietHours, ...own }, new Date());
  }

  const act = createActions({
    repository: createActionRepository(pool, {
      endSession: (client, sessionId) => endSession(client, { sessionId, reason: "event", authority: "any" }),
    }),
    async say({ session, ...request }) {
      const outcome = await triggers.say({
        ...request,
        sessionId: session.id,
        limits: running(session.channelId),
      });
      if (outcome.kind !== "spoken") return outcome.kind;
      await move(outcome);
      return outcome;
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
      await schedules.add(sayOnce({ id, workspaceId, agentId, channelId, userId: user.id, later }));
      return dueAt;
    },
    quietUntil: ({ agentId, agentVersion, participantData }) =>
      quietFor(agentId, agentVersion, participantData),
    post: (webhook) =>
      postWebhook({ sign: signatureOf, isPrivateHost, publicConnections, signal: stopping.signal }, webhook),
    notify: (session) => pipeline.notifySession(session.channelId, session.id, { type: "messages" }),
    log,
  });

  const firingAgent = (agentId: string, version: number) => agents.load(agentId, version);

  let loops: { stop(): Promise<void> }[] = [];

  const sessions = createSessionQueriesRepository(pool);
  const outreach = {
    agents: sessionAgents,
    channel: (workspaceId: string, name: string) => {
      const ref = channels.byName(name)?.ref;
      return ref?.workspaceId === workspaceId ? ref : null;
    },
  };

  async function trigger(request: Trigger): Promise<Spoken> {
    const spoken = await triggers.run(request);
    await move(spoken);
    return spoken;
  }

  return {
    routes: [
      ...triggerRoutes({ ...outreach, trigger }),
      ...scheduleRoutes({ ...outreach, schedules, queries: createScheduleQueries(pool), plan: planSchedule }),
      ...sessionEventRoutes({ sessions, events: createEventQueries(pool) }),
    ],
    async start(): Promise<void> {
      if (deps.role === "web") return;
      if (engine.alone) await firings.freeAll();
      const events = startEventLoop({
        fireTimers: timers.fireDue,
        nextTimerIn: timers.nextDueIn,
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
        send: ({ channelId, agentId, identifier, saying }, key) =>
          trigger({
            channel: running(channelId),
            agentId,
            identifier,
            saying,
            startNewSession: false,
            sessionData: {},
            participantData: {},
            metadata: {},
            key,
          }),
        quietUntil: ({ channelId, agentId, participantData }) => {
          const { workspaceId } = running(channelId);
          return currentVersion(workspaceId, agentId).then((version) =>
            quietFor(agentId, version, participantData),
          );
        },
        lookMs: LOOK_MS,
        log,
      });
      loops = [events, scheduled];
    },
    async stop(): Promise<void> {
      stopping.abort();
      await Promise.all(loops.map((loop) => loop.stop()));
    },
  };
}
