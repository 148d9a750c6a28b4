import { planSchedule } from "../../core/schedule/plan-schedule.ts";
import { createEventQueries } from "../../events/event-queries-repository.ts";
import { createScheduleQueries } from "../../schedules/schedule-queries-repository.ts";
import { createScheduleRepository } from "../../schedules/schedule-repository.ts";
import type { Outreach } from "../../triggers/outreach.ts";
import type { Service } from "../service.ts";
import { createApiStores } from "./api-stores.ts";
import type { ChannelFacts } from "./resource-routes.ts";
import type { Route } from "./route/route.ts";
import { scheduleBatchRoutes } from "./schedules/schedule-batch.ts";
import { scheduleWriteRoutes } from "./schedules/schedule-writes.ts";
import { scheduleRoutes } from "./schedules/schedules.ts";
import { sessionEventRoutes } from "./sessions/session-events.ts";
import { triggerRoutes } from "./trigger/trigger.ts";
import { triggerCheckRoutes } from "./trigger/trigger-check.ts";

/** Routes about unprompted messages: triggers, schedules, and the log of event rules. */
export function proactiveRoutes(
  { engine, channels }: Pick<Service, "engine" | "channels">,
  outreach: Outreach,
  { hasReceipts }: Pick<ChannelFacts, "hasReceipts">,
): Route[] {
  const { pool, prisma } = engine.database;
  const schedules = createScheduleRepository(pool);
  const queries = createScheduleQueries(pool, { hasReceipts });
  const { sessions, agents } = createApiStores(engine.database);
  const channel = (workspaceId: string, name: string) => channels.named(workspaceId, name)?.ref ?? null;
  const names = { agents, channel };
  const { whoIs, reachOf, timezoneOf } = outreach;
  const scheduling = { ...names, schedules, queries, whoIs, reachOf, timezoneOf, plan: planSchedule };
  return [
    ...triggerRoutes({ ...names, trigger: outreach.trigger }),
    ...triggerCheckRoutes({ ...names, check: outreach.check, sessions }),
    ...scheduleRoutes({ ...names, schedules, queries }),
    ...scheduleWriteRoutes(scheduling),
    ...scheduleBatchRoutes(scheduling),
    ...sessionEventRoutes({ sessions, events: createEventQueries(prisma) }),
  ];
}
