import type { AgentCatalog } from "../agents/agent-catalog.ts";
import { createSessionAgentRepository } from "../agents/session-agent-repository.ts";
import type { ChannelDirectory } from "../channels/channel-directory.ts";
import type { Logger } from "../core/logger.ts";
import { planSchedule } from "../core/plan-schedule.ts";
import { createEventQueries } from "../events/event-queries-repository.ts";
import { scheduleWriteRoutes } from "../http/api/routes/schedule-writes.ts";
import { scheduleRoutes } from "../http/api/routes/schedules.ts";
import { sessionEventRoutes } from "../http/api/routes/session-events.ts";
import { triggerRoutes } from "../http/api/routes/trigger.ts";
import { createRunRepository } from "../schedules/run-repository.ts";
import { startScheduleLoop } from "../schedules/schedule-loop.ts";
import { createScheduleQueries } from "../schedules/schedule-queries-repository.ts";
import { createScheduleRepository } from "../schedules/schedule-repository.ts";
import { createSessionQueriesRepository } from "../sessions/session-queries-repository.ts";
import type { Engine } from "./engine.ts";
import { createEventParts } from "./event-parts.ts";
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

/** What speaks without being spoken to, wired: event rules, triggers and schedules. */
export function createProactiveParts(deps: ProactivePartsDeps) {
  const { engine, channels, agents, pipeline, outreach, log } = deps;
  const { pool } = engine.database;
  const schedules = createScheduleRepository(pool);
  const queries = createScheduleQueries(pool, { hasReceipts: deps.hasReceipts });
  const sessions = createSessionQueriesRepository(pool);
  const names = {
    agents: createSessionAgentRepository(pool),
    channel: (workspaceId: string, name: string) => channels.named(workspaceId, name)?.ref ?? null,
  };

  const events = createEventParts({
    engine,
    agents,
    pipeline,
    outreach,
    schedules,
    lookMs: LOOK_MS,
    eventLogDays: deps.eventLogDays,
    log,
  });
  let loops: { stop(): Promise<void> }[] = [];

  function startScheduled() {
    return startScheduleLoop({
      runs: createRunRepository(pool),
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
  }

  return {
    routes: [
      ...triggerRoutes({ ...names, trigger: outreach.trigger }),
      ...scheduleRoutes({ ...names, schedules, queries }),
      ...scheduleWriteRoutes({
        ...names,
        schedules,
        queries,
        whoIs: outreach.whoIs,
        reachOf: outreach.reachOf,
        timezoneOf: outreach.timezoneOf,
        plan: planSchedule,
      }),
      ...sessionEventRoutes({ sessions, events: createEventQueries(pool) }),
    ],
    async start(): Promise<void> {
      if (deps.role === "web") return;
      loops = [await events.start(), startScheduled()];
    },
    async stop(): Promise<void> {
      await Promise.all(loops.map((loop) => loop.stop()));
    },
  };
}
