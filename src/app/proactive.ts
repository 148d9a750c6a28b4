import type { AgentCatalog } from "../agents/agent-catalog.ts";
import { createSessionAgentRepository } from "../agents/session-agent-repository.ts";
import type { ChannelDirectory } from "../channels/channel-directory.ts";
import type { Logger } from "../core/process/logger.ts";
import { planSchedule } from "../core/schedule/plan-schedule.ts";
import { createEventQueries } from "../events/event-queries-repository.ts";
import { startEventRules } from "../events/event-rules.ts";
import { scheduleBatchRoutes } from "../http/api/schedules/schedule-batch.ts";
import { scheduleWriteRoutes } from "../http/api/schedules/schedule-writes.ts";
import { scheduleRoutes } from "../http/api/schedules/schedules.ts";
import { sessionEventRoutes } from "../http/api/sessions/session-events.ts";
import { triggerRoutes } from "../http/api/trigger/trigger.ts";
import { triggerCheckRoutes } from "../http/api/trigger/trigger-check.ts";
import { createScheduleQueries } from "../schedules/schedule-queries-repository.ts";
import { createScheduleRepository } from "../schedules/schedule-repository.ts";
import { createSessionQueriesRepository } from "../sessions/session-queries-repository.ts";
import type { Outreach } from "../triggers/outreach.ts";
import { startScheduledMessages } from "../triggers/scheduled-messages.ts";
import type { Engine } from "./engine.ts";
import type { Pipeline } from "./pipeline.ts";

export interface ProactivePartsDeps {
  engine: Engine;
  channels: ChannelDirectory;
  agents: AgentCatalog;
  pipeline: Pipeline;
  outreach: Outreach;
  /** Returns true if the platforms of a kind of channel report receipts. */
  hasReceipts(channelKind: string): boolean;
  role: "all" | "web" | "worker";
  /** Retention of the event log, days. */
  eventLogDays: number;
  log: Logger;
}

/** Interval of checks for due work, milliseconds. */
const POLL_MS = 500;

/** Wires everything that sends unprompted messages: event rules, triggers and schedules. */
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

  let loops: { stop(): Promise<void> }[] = [];

  const scheduling = {
    ...names,
    schedules,
    queries,
    whoIs: outreach.whoIs,
    reachOf: outreach.reachOf,
    timezoneOf: outreach.timezoneOf,
    plan: planSchedule,
  };

  return {
    routes: [
      ...triggerRoutes({ ...names, trigger: outreach.trigger }),
      ...triggerCheckRoutes({ ...names, check: outreach.check, sessions }),
      ...scheduleRoutes({ ...names, schedules, queries }),
      ...scheduleWriteRoutes(scheduling),
      ...scheduleBatchRoutes(scheduling),
      ...sessionEventRoutes({ sessions, events: createEventQueries(engine.database.prisma) }),
    ],
    async start(): Promise<void> {
      if (deps.role === "web") return;
      const { owner } = pipeline;
      const times = { pollMs: POLL_MS, keepDays: deps.eventLogDays };
      loops = [
        await startEventRules({ engine, agents, outreach, pipeline, times, log }),
        await startScheduledMessages({ pool, owner, alone: engine.alone, outreach, pollMs: POLL_MS, log }),
      ];
    },
    async stop(): Promise<void> {
      await Promise.all(loops.map((loop) => loop.stop()));
    },
  };
}
