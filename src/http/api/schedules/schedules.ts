import { z } from "zod";
import type { SessionAgents } from "../../../agents/session-agent-repository.ts";
import type { ScheduleQueries } from "../../../schedules/schedule-queries-repository.ts";
import type { ScheduleRepository } from "../../../schedules/schedule-repository.ts";
import { listReply, pageQuery, pageRequest } from "../route/paging.ts";
import { defineRoute, type Route } from "../route/route.ts";
import { idParams, listSchema } from "../route/wire-schemas.ts";
import { requireSchedule, SCHEDULE_NOT_FOUND, scheduleNotFound } from "./require-schedule.ts";
import {
  presentRun,
  presentSchedule,
  runSchema,
  SCHEDULE_STATUSES,
  scheduleSchema,
} from "./schedule-resource.ts";

export interface ScheduleRoutesDeps {
  agents: Pick<SessionAgents, "find">;
  schedules: Pick<ScheduleRepository, "cancel">;
  queries: ScheduleQueries;
}

/** Scheduled messages: list, get, the outcome of each run, cancel. */
export function scheduleRoutes(deps: ScheduleRoutesDeps): Route[] {
  return [listSchedules(deps), getSchedule(deps), listRuns(deps), cancelSchedule(deps)];
}

const listSchedules = (deps: ScheduleRoutesDeps): Route =>
  defineRoute({
    method: "GET",
    path: "/schedules",
    operationId: "listSchedules",
    summary: "List schedules",
    tag: "Schedules",
    scope: "sessions:read",
    query: z.strictObject({
      ...pageQuery,
      agent_id: z.string().min(1).optional().describe("Id or slug"),
      user_id: z.string().min(1).optional(),
      channel: z.string().min(1).optional(),
      status: z.enum(SCHEDULE_STATUSES).optional(),
    }),
    examples: [{ query: { status: "active" } }],
    responses: [{ status: 200, description: "Schedules, newest first", schema: listSchema(scheduleSchema) }],
    async handle({ caller, query }) {
      const agentId = query.agent_id && (await deps.agents.find(caller.workspaceId, query.agent_id))?.id;
      const filter = {
        agentId: agentId ?? query.agent_id,
        userId: query.user_id,
        channel: query.channel,
        status: query.status,
      };
      const slice = await deps.queries.list(caller.workspaceId, filter, pageRequest(query));
      return listReply(slice, query, presentSchedule);
    },
  });

const getSchedule = (deps: ScheduleRoutesDeps): Route =>
  defineRoute({
    method: "GET",
    path: "/schedules/{id}",
    operationId: "getSchedule",
    summary: "Get a schedule",
    tag: "Schedules",
    scope: "sessions:read",
    params: idParams,
    responses: [{ status: 200, description: "The schedule", schema: scheduleSchema }],
    errors: [SCHEDULE_NOT_FOUND],
    async handle({ caller, params }) {
      const schedule = await requireSchedule(deps.queries, caller.workspaceId, params.id);
      return { status: 200, body: presentSchedule(schedule) };
    },
  });

const listRuns = (deps: ScheduleRoutesDeps): Route =>
  defineRoute({
    method: "GET",
    path: "/schedules/{id}/runs",
    operationId: "listScheduleRuns",
    summary: "List what became of each run",
    tag: "Schedules",
    scope: "sessions:read",
    params: idParams,
    query: z.strictObject(pageQuery),
    responses: [{ status: 200, description: "Runs, newest first", schema: listSchema(runSchema) }],
    errors: [SCHEDULE_NOT_FOUND],
    async handle({ caller, params, query }) {
      const schedule = await requireSchedule(deps.queries, caller.workspaceId, params.id);
      return listReply(await deps.queries.runs(schedule.id, pageRequest(query)), query, presentRun);
    },
  });

const cancelSchedule = (deps: ScheduleRoutesDeps): Route =>
  defineRoute({
    method: "DELETE",
    path: "/schedules/{id}",
    operationId: "cancelSchedule",
    summary: "Cancel a schedule",
    description: "It stays to be looked at, as `cancelled`.",
    tag: "Schedules",
    scope: "trigger:write",
    params: idParams,
    responses: [{ status: 204, description: "Nothing more comes of it", schema: null }],
    errors: [SCHEDULE_NOT_FOUND],
    async handle({ caller, params }) {
      if (!(await deps.schedules.cancel(caller.workspaceId, params.id))) throw scheduleNotFound(params.id);
      return { status: 204, change: { after: { status: "cancelled" } } };
    },
  });
