import { z } from "zod";
import { DURATION_PATTERN, durationMs } from "../../../core/duration.ts";
import { RequestError } from "../../../core/errors.ts";
import { type Plan, type WrittenTimes, writtenTimes } from "../../../core/plan-schedule.ts";
import type { Saying } from "../../../core/saying.ts";
import type { ScheduleQueries } from "../../../schedules/schedule-queries-repository.ts";
import type { ScheduleRepository } from "../../../schedules/schedule-repository.ts";
import {
  OUTREACH_ERRORS,
  type OutreachDeps,
  outreachTarget,
  requireSaying,
  SAID,
} from "../outreach-target.ts";
import { listReply, pageQuery, pageRequest } from "../paging.ts";
import { defineRoute, type Route } from "../route.ts";
import {
  presentRun,
  presentSchedule,
  runSchema,
  SCHEDULE_STATUSES,
  scheduleSchema,
} from "../schedule-resource.ts";
import { idParams, listSchema } from "../wire-schemas.ts";

export interface ScheduleRoutesDeps extends OutreachDeps {
  schedules: Pick<ScheduleRepository, "add" | "user" | "change" | "cancel">;
  queries: ScheduleQueries;
  /** The zone of a user's wall clock, as far as it is known. */
  timezoneOf(user: { channelId: string; agentId: string; identifier: string }): Promise<string>;
  plan(times: WrittenTimes, now: Date): Plan;
}

const moment = z
  .union([z.iso.datetime({ offset: true }), z.iso.datetime({ local: true })], {
    error: "write a time such as 2027-03-28T09:00:00 (by the clock of timezone) or 2027-03-28T09:00:00Z",
  })
  .describe("RFC 3339; without an offset it is the wall clock of `timezone`");
const duration = z.string().regex(DURATION_PATTERN, "write a number and a unit: 30s, 15m, 2h or 1d");

const fields = {
  name: z.string().min(1).max(200).nullish(),
  ...SAID,
  at: moment.optional(),
  every: duration
    .optional()
    .describe("`2h`, `1d`: from `starts_at` on. Whole days keep their time on the wall clock of `timezone`"),
  cron: z.string().min(1).max(200).optional().describe("Five or six fields, in the wall clock of `timezone`"),
  rrule: z
    .string()
    .min(1)
    .max(500)
    .optional()
    .describe(
      "A recurrence rule of RFC 5545, such as `FREQ=WEEKLY;BYDAY=MO,TH;BYHOUR=9;BYMINUTE=0;COUNT=10`, in the wall clock of `timezone`",
    ),
  starts_at: moment
    .nullish()
    .describe("Not before; where `every` counts from, and the DTSTART of `rrule`. Default: now"),
  ends_at: moment.nullish().describe("Not after"),
  max_runs: z.int().min(1).max(1_000_000).nullish().describe("How often in all"),
  max_delay: duration
    .nullish()
    .describe("A run that is later than this, after downtime, is skipped. Default: it is sent, late"),
};
const timezone = z.string().min(1).max(64).describe("An IANA time zone, such as `Europe/Berlin`");

const count = (...values: unknown[]) => values.filter((value) => value !== undefined).length;
type Body = {
  prompt_text?: unknown;
  message_text?: unknown;
  at?: unknown;
  every?: unknown;
  cron?: unknown;
  rrule?: unknown;
};
const waysOf = (body: Body) => [body.at, body.every, body.cron, body.rrule];
const oneText = {
  message: "give exactly one of prompt_text and message_text",
  path: ["prompt_text"],
};
const oneTime = { message: "give exactly one of at, every, cron and rrule", path: ["at"] };

const createSchema = z
  .strictObject({
    agent_id: z.string().min(1).describe("Id or slug"),
    channel: z.string().min(1).describe("The channel's name"),
    identifier: z
      .string()
      .min(1)
      .max(255)
      .describe("Who the user is on the channel; made where they are new"),
    timezone: timezone
      .describe(
        "An IANA time zone. Default: the user's (`timezone` in their participant data), else that of the agent's quiet hours, else UTC",
      )
      .optional(),
    ...fields,
  })
  .refine((body: Body) => count(body.prompt_text, body.message_text) === 1, oneText)
  .refine((body: Body) => count(...waysOf(body)) === 1, oneTime);

const changeSchema = z
  .strictObject({
    ...fields,
    timezone: timezone.optional(),
    status: z
      .enum(["active", "paused"])
      .optional()
      .describe("What a paused one misses it does not make up for"),
  })
  .refine((body: Body) => count(body.prompt_text, body.message_text) <= 1, oneText)
  .refine((body: Body) => count(...waysOf(body)) <= 1, oneTime);

const NOT_FOUND = { status: 404, code: "schedule_not_found", when: "there is no such schedule" } as const;
const TIME_ERRORS = [
  { status: 422, code: "invalid_timezone", when: "there is no such time zone" },
  { status: 422, code: "invalid_cron", when: "the pattern cannot be read" },
  { status: 422, code: "invalid_rrule", when: "the rule cannot be read" },
  { status: 422, code: "never_due", when: "its time is past" },
] as const;

/** Messages to come: one-off and recurring. */
export function scheduleRoutes(deps: ScheduleRoutesDeps): Route[] {
  return [
    listSchedules(deps),
    createSchedule(deps),
    getSchedule(deps),
    listRuns(deps),
    changeSchedule(deps),
    cancelSchedule(deps),
  ];
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

const createSchedule = (deps: ScheduleRoutesDeps): Route =>
  defineRoute({
    method: "POST",
    path: "/schedules",
    operationId: "createSchedule",
    summary: "Schedule a message",
    description: "It is sent as the trigger sends one: in the user's open session, or a new one.",
    tag: "Schedules",
    scope: "trigger:write",
    body: createSchema,
    examples: [
      {
        body: {
          agent_id: "echo",
          channel: "api",
          identifier: "user-1",
          name: "Morning check-in",
          prompt_text: "Ask how they slept.",
          cron: "0 9 * * 1-5",
          timezone: "Europe/Berlin",
        },
      },
      {
        body: {
          agent_id: "echo",
          channel: "api",
          identifier: "user-1",
          message_text: "Your appointment is in an hour.",
          at: "2099-03-01T08:00:00",
          timezone: "Africa/Nairobi",
        },
      },
    ],
    responses: [{ status: 201, description: "The schedule", schema: scheduleSchema }],
    errors: [...OUTREACH_ERRORS, ...TIME_ERRORS],
    async handle({ caller, body, resourceId }) {
      const { workspaceId } = caller;
      const made = await deps.queries.find(workspaceId, resourceId);
      if (made) return { status: 201, body: presentSchedule(made) };
      const names = { agent: body.agent_id, channel: body.channel };
      const { agent, channel } = await outreachTarget(deps, workspaceId, names);
      const whose = { channelId: channel.id, agentId: agent.id, identifier: body.identifier };
      const timezone = body.timezone ?? (await deps.timezoneOf(whose));
      const plan = planned(deps, { ...body, timezone, startsAt: body.starts_at, endsAt: body.ends_at });
      await deps.schedules.add({
        id: resourceId,
        workspaceId,
        agentId: agent.id,
        channelId: channel.id,
        madeBy: "operator",
        userId: await deps.schedules.user(channel, body.identifier),
        name: body.name ?? null,
        saying: requireSaying(body.prompt_text, body.message_text, body),
        ...plan,
        maxRuns: body.max_runs ?? null,
        graceMs: body.max_delay ? durationMs(body.max_delay) : null,
      });
      return { status: 201, body: await shown(deps, workspaceId, resourceId) };
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
    errors: [NOT_FOUND],
    async handle({ caller, params }) {
      return { status: 200, body: await shown(deps, caller.workspaceId, params.id) };
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
    errors: [NOT_FOUND],
    async handle({ caller, params, query }) {
      const schedule = await deps.queries.find(caller.workspaceId, params.id);
      if (!schedule) throw notFound(params.id);
      return listReply(await deps.queries.runs(schedule.id, pageRequest(query)), query, presentRun);
    },
  });

const changeSchedule = (deps: ScheduleRoutesDeps): Route =>
  defineRoute({
    method: "PATCH",
    path: "/schedules/{id}",
    operationId: "changeSchedule",
    summary: "Move, change, pause or resume a schedule",
    description: "Only what is given changes.",
    tag: "Schedules",
    scope: "trigger:write",
    params: idParams,
    body: changeSchema,
    examples: [{ body: { status: "paused" } }, { body: { cron: "30 8 * * *" } }],
    responses: [{ status: 200, description: "The schedule", schema: scheduleSchema }],
    errors: [
      NOT_FOUND,
      { status: 409, code: "schedule_over", when: "it is completed or cancelled" },
      ...TIME_ERRORS,
    ],
    async handle({ caller, params, body }) {
      const before = await shown(deps, caller.workspaceId, params.id);
      const changed = await deps.schedules.change(caller.workspaceId, params.id, (current) => ({
        ...(body.name === undefined ? {} : { name: body.name }),
        ...(count(body.prompt_text, body.message_text, body.buttons, body.attachments) === 0
          ? {}
          : { saying: mergedSaying(current.saying, body) }),
        ...(isMoved(body)
          ? { recurrence: planned(deps, mergedTimes(writtenTimes(current.recurrence), body)).recurrence }
          : {}),
        ...(body.max_runs === undefined ? {} : { maxRuns: body.max_runs }),
        ...(body.max_delay === undefined
          ? {}
          : { graceMs: body.max_delay === null ? null : durationMs(body.max_delay) }),
        ...(body.status === undefined ? {} : { status: body.status }),
      }));
      if (!changed) throw new RequestError(409, "schedule_over", `The schedule is ${before.status}.`);
      return { status: 200, body: await shown(deps, caller.workspaceId, params.id) };
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
    errors: [NOT_FOUND],
    async handle({ caller, params }) {
      if (!(await deps.schedules.cancel(caller.workspaceId, params.id))) throw notFound(params.id);
      return { status: 204 };
    },
  });

type Change = z.output<typeof changeSchema>;

function isMoved(body: Change): boolean {
  return count(...waysOf(body), body.timezone, body.starts_at, body.ends_at) > 0;
}

/** A new text keeps what stands below the old one; new buttons and files keep the text above them. */
function mergedSaying(current: Saying, body: Change): Saying {
  const { prompt_text: prompt, message_text: text } = body;
  const { prompt: oldPrompt, text: oldText } = { prompt: undefined, text: undefined, ...current };
  const isOther = count(prompt, text) > 0;
  const saying = isOther ? requireSaying(prompt, text, body) : requireSaying(oldPrompt, oldText, body);
  return "text" in saying && oldText !== undefined ? { ...current, ...saying } : saying;
}

/** A new way to recur replaces the old one; what stands beside it stays where it is not given. */
function mergedTimes(current: WrittenTimes, body: Change): WrittenTimes {
  const recurs = count(...waysOf(body)) > 0;
  const { at, every, cron, rrule } = recurs ? body : current;
  return {
    at,
    every,
    cron,
    rrule,
    timezone: body.timezone ?? current.timezone,
    startsAt: body.starts_at !== undefined ? body.starts_at : recurs ? null : current.startsAt,
    endsAt: body.ends_at !== undefined ? body.ends_at : current.endsAt,
  };
}

function planned({ plan }: ScheduleRoutesDeps, times: WrittenTimes) {
  const made = plan(times, new Date());
  if (made.kind === "refused") throw new RequestError(422, made.code, made.reason);
  return { recurrence: made.recurrence, nextRunAt: made.nextRunAt };
}

async function shown({ queries }: ScheduleRoutesDeps, workspaceId: string, id: string) {
  const schedule = await queries.find(workspaceId, id);
  if (!schedule) throw notFound(id);
  return presentSchedule(schedule);
}

function notFound(id: string): RequestError {
  return new RequestError(404, "schedule_not_found", `There is no schedule ${id} here.`);
}
