import { durationMs } from "../../../core/duration.ts";
import { RequestError } from "../../../core/errors.ts";
import type { Plan, WrittenTimes } from "../../../core/plan-schedule.ts";
import type { Reachability } from "../../../core/reachability.ts";
import type { ChannelRef } from "../../../core/runtime.ts";
import type { ScheduleQueries } from "../../../schedules/schedule-queries-repository.ts";
import type { ScheduleRepository } from "../../../schedules/schedule-repository.ts";
import { OUTREACH_ERRORS, type OutreachDeps, outreachTarget } from "../outreach-target.ts";
import { requireSchedule, SCHEDULE_NOT_FOUND } from "../require-schedule.ts";
import { defineRoute, type Route } from "../route.ts";
import { requireSaying } from "../saying-body.ts";
import { newScheduleSchema, scheduleChangeSchema } from "../schedule-body.ts";
import { scheduleChanges } from "../schedule-change.ts";
import { presentSchedule, scheduleSchema } from "../schedule-resource.ts";
import { userUnreachable } from "../trigger-resource.ts";
import { idParams } from "../wire-schemas.ts";

export interface ScheduleWriteDeps extends OutreachDeps {
  schedules: Pick<ScheduleRepository, "add" | "user" | "change">;
  queries: Pick<ScheduleQueries, "find">;
  /** The user's own identifier, for one as the caller wrote it. */
  whoIs(channel: ChannelRef, written: string): Promise<string>;
  /** Whether a user can be written to now; `since`: when a platform said that nothing arrives any more. */
  reachOf(user: {
    channelId: string;
    identifier: string;
  }): Promise<{ state: Reachability; since: Date | null }>;
  /** The zone of a user's wall clock, as far as it is known. */
  timezoneOf(user: { channelId: string; agentId: string; identifier: string }): Promise<string>;
  plan(times: WrittenTimes, now: Date): Plan;
}

const TIME_ERRORS = [
  { status: 422, code: "invalid_timezone", when: "there is no such time zone" },
  { status: 422, code: "invalid_cron", when: "the pattern cannot be read" },
  { status: 422, code: "invalid_rrule", when: "the rule cannot be read" },
  { status: 422, code: "never_due", when: "its time is past" },
] as const;

/** Putting a message down for later, and changing it. */
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
      const { workspaceId } = caller;
      const made = await deps.queries.find(workspaceId, resourceId);
      if (made) return { status: 201, body: presentSchedule(made) };
      const names = { agent: body.agent_id, channel: body.channel };
      const { agent, channel } = await outreachTarget(deps, workspaceId, names);
      const identifier = await deps.whoIs(channel, body.identifier);
      const whose = { channelId: channel.id, agentId: agent.id, identifier };
      const timezone = body.timezone ?? (await deps.timezoneOf(whose));
      const plan = planned(deps, { ...body, timezone, startsAt: body.starts_at, endsAt: body.ends_at });
      const { state, since } = await deps.reachOf(whose);
      // What a platform's rules forbid at this moment they may allow when it is due, and are asked then.
      if (state.kind === "unreachable" && since !== null)
        throw userUnreachable(body.identifier, { ...state, since });
      await deps.schedules.add({
        id: resourceId,
        workspaceId,
        agentId: agent.id,
        channelId: channel.id,
        madeBy: "operator",
        userId: await deps.schedules.user(channel, identifier),
        name: body.name ?? null,
        saying: requireSaying(body.prompt_text, body.message_text, body),
        ...plan,
        maxRuns: body.max_runs ?? null,
        graceMs: body.max_delay ? durationMs(body.max_delay) : null,
      });
      return { status: 201, body: await shown(deps, workspaceId, resourceId) };
    },
  });

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
      return { status: 200, body: await shown(deps, caller.workspaceId, params.id) };
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
