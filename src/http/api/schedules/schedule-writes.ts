import type { z } from "zod";
import { RequestError } from "../../../core/faults/errors.ts";
import type { Plan, WrittenTimes } from "../../../core/schedule/plan-schedule.ts";
import type { Reachability } from "../../../core/session/reachability.ts";
import type { ChannelRef } from "../../../core/session/runtime.ts";
import { durationMs } from "../../../core/time/duration.ts";
import type { ScheduleQueries } from "../../../schedules/schedule-queries-repository.ts";
import type { ScheduleRepository } from "../../../schedules/schedule-repository.ts";
import { defineRoute, type Route } from "../route/route.ts";
import { idParams } from "../route/wire-schemas.ts";
import { OUTREACH_ERRORS, type OutreachDeps, outreachTarget } from "../trigger/outreach-target.ts";
import { userUnreachable } from "../trigger/trigger-resource.ts";
import { requireUnprompted } from "../trigger/unprompted-body.ts";
import { requireSchedule, SCHEDULE_NOT_FOUND } from "./require-schedule.ts";
import { newScheduleSchema, scheduleChangeSchema } from "./schedule-body.ts";
import { scheduleChanges } from "./schedule-change.ts";
import { presentSchedule, scheduleSchema } from "./schedule-resource.ts";

export interface ScheduleWriteDeps extends OutreachDeps {
  schedules: Pick<ScheduleRepository, "add" | "user" | "change">;
  queries: Pick<ScheduleQueries, "find">;
  /** The user's own identifier, for an identifier as the caller wrote it. */
  whoIs(channel: ChannelRef, written: string): Promise<string>;
  /**
   * Tells if a user can get messages now. `since`: the time when a platform reported that messages no longer arrive.
   */
  reachOf(user: {
    channelId: string;
    identifier: string;
  }): Promise<{ state: Reachability; since: Date | null }>;
  /** The user's time zone, as far as it is known. */
  timezoneOf(user: { channelId: string; agentId: string; identifier: string }): Promise<string>;
  plan(times: WrittenTimes, now: Date): Plan;
}

export const TIME_ERRORS = [
  { status: 422, code: "invalid_timezone", when: "there is no such time zone" },
  { status: 422, code: "invalid_cron", when: "the pattern cannot be read" },
  { status: 422, code: "invalid_rrule", when: "the rule cannot be read" },
  { status: 422, code: "never_due", when: "its time is past" },
] as const;

/** Creates and changes scheduled messages. */
export function scheduleWriteRoutes(deps: ScheduleWriteDeps): Route[] {
  return [createSchedule(deps), changeSchedule(deps)];
}

const createSchedule = (deps: ScheduleWriteDeps): Route =>
  defineRoute({
    method: "POST",
    path: "/schedules",
    operationId: "createSchedule",
    summary: "Schedule a message",
    description: "It is sent as the trigger sends one: in the user's open session, or a new one.",
    tag: "Schedules",
    scope: "trigger:write",
    body: newScheduleSchema,
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
    errors: [
      ...OUTREACH_ERRORS,
      {
        status: 409,
        code: "user_unreachable",
        when: "they blocked the bot, or opted out, and have not written since; nothing was stored",
      },
      ...TIME_ERRORS,
    ],
    async handle({ caller, body, resourceId }) {
      return { status: 201, body: await scheduleOne(deps, caller.workspaceId, body, resourceId) };
    },
  });

/** Schedules a message once per id. A repetition returns the schedule of the first call. */
export async function scheduleOne(
  deps: ScheduleWriteDeps,
  workspaceId: string,
  body: z.output<typeof newScheduleSchema>,
  id: string,
): Promise<z.output<typeof scheduleSchema>> {
  const made = await deps.queries.find(workspaceId, id);
  if (made) return presentSchedule(made);
  const names = { agent: body.agent_id, channel: body.channel };
  const { agent, channel } = await outreachTarget(deps, workspaceId, names);
  const identifier = await deps.whoIs(channel, body.identifier);
  const whose = { channelId: channel.id, agentId: agent.id, identifier };
  const timezone = body.timezone ?? (await deps.timezoneOf(whose));
  const plan = planned(deps, { ...body, timezone, startsAt: body.starts_at, endsAt: body.ends_at });
  const { state, since } = await deps.reachOf(whose);
  // A platform may forbid a message now but allow it when it is due. It is asked again then.
  if (state.kind === "unreachable" && since !== null)
    throw userUnreachable(body.identifier, { ...state, since });
  await deps.schedules.add({
    id,
    workspaceId,
    agentId: agent.id,
    channelId: channel.id,
    sessionId: null,
    madeBy: "operator",
    userId: await deps.schedules.user(channel, identifier),
    name: body.name ?? null,
    message: requireUnprompted(body.prompt_text, body.message_text, body),
    ...plan,
    maxRuns: body.max_runs ?? null,
    graceMs: body.max_delay ? durationMs(body.max_delay) : null,
  });
  return shown(deps, workspaceId, id);
}

const changeSchedule = (deps: ScheduleWriteDeps): Route =>
  defineRoute({
    method: "PATCH",
    path: "/schedules/{id}",
    operationId: "changeSchedule",
    summary: "Move, change, pause or resume a schedule",
    description: "Only what is given changes.",
    tag: "Schedules",
    scope: "trigger:write",
    params: idParams,
    body: scheduleChangeSchema,
    examples: [{ body: { status: "paused" } }, { body: { cron: "30 8 * * *" } }],
    responses: [{ status: 200, description: "The schedule", schema: scheduleSchema }],
    errors: [
      SCHEDULE_NOT_FOUND,
      { status: 409, code: "schedule_over", when: "it is completed or cancelled" },
      ...TIME_ERRORS,
    ],
    async handle({ caller, params, body }) {
      const before = await requireSchedule(deps.queries, caller.workspaceId, params.id);
      const changed = await deps.schedules.change(caller.workspaceId, params.id, (current) =>
        scheduleChanges(current, body, (times) => planned(deps, times).recurrence),
      );
      if (!changed) throw new RequestError(409, "schedule_over", `The schedule is ${before.status}.`);
      const after = await shown(deps, caller.workspaceId, params.id);
      const change = { before: { status: before.status }, after: { status: after.status } };
      return { status: 200, body: after, change };
    },
  });

function planned({ plan }: ScheduleWriteDeps, times: WrittenTimes) {
  const made = plan(times, new Date());
  if (made.kind === "refused") throw new RequestError(422, made.code, made.reason);
  return { recurrence: made.recurrence, nextRunAt: made.nextRunAt };
}

async function shown({ queries }: ScheduleWriteDeps, workspaceId: string, id: string) {
  return presentSchedule(await requireSchedule(queries, workspaceId, id));
}
