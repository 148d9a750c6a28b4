import { z } from "zod";
import { toButtons } from "../../../core/message/button.ts";
import { durationText, writtenTimes } from "../../../core/schedule/plan-schedule.ts";
import type { ScheduleView } from "../../../schedules/schedule-queries-repository.ts";
import type { RunView } from "../../../schedules/schedule-run.ts";
import { buttonSchema } from "../messages/message-resource.ts";
import { idSchema, timestampSchema } from "../route/wire-schemas.ts";

export const SCHEDULE_STATUSES = ["active", "paused", "completed", "cancelled"] as const;

/** One run of a schedule, in the API's format. */
export const runSchema = z
  .object({
    due_at: timestampSchema,
    status: z
      .enum(["pending", "answering", "delivering", "sent", "delivered", "failed", "skipped", "unreachable"])
      .describe(
        "`delivered`: the platform reported that every part arrived, or accepted it if it reports no arrival; until then `sent`. " +
          "`unreachable`: not sent, as it would not have arrived; the reason says why",
      ),
    reason: z.string().nullable(),
    session_id: idSchema.nullable(),
    execution_id: idSchema.nullable(),
    delivery_ids: z.array(idSchema),
  })
  .meta({ id: "ScheduleRun" });

/** A schedule in the API's format. */
export const scheduleSchema = z
  .object({
    id: idSchema,
    workspace_id: idSchema,
    agent_id: idSchema,
    user_id: idSchema,
    channel: z.string(),
    identifier: z.string(),
    name: z.string().nullable(),
    prompt_text: z.string().nullable(),
    message_text: z.string().nullable(),
    format: z.enum(["text", "markdown"]).nullable().describe("The format of `message_text`"),
    buttons: z.array(buttonSchema),
    attachments: z.array(
      z.object({ url: z.string(), name: z.string().nullable(), content_type: z.string().nullable() }),
    ),
    at: timestampSchema.nullable(),
    every: z.string().nullable(),
    cron: z.string().nullable(),
    rrule: z.string().nullable(),
    timezone: z.string(),
    starts_at: timestampSchema,
    ends_at: timestampSchema.nullable(),
    max_runs: z.int().nullable(),
    max_delay: z.string().nullable(),
    made_by: z.enum(["operator", "event", "bot"]).describe("The creator: the API, an event rule, or the bot"),
    status: z.enum(SCHEDULE_STATUSES),
    runs: z.int().describe("The number of created schedules"),
    next_run_at: timestampSchema.nullable(),
    last_run: runSchema.nullable(),
    created_at: timestampSchema,
    updated_at: timestampSchema,
  })
  .meta({ id: "Schedule" });

export function presentSchedule(schedule: ScheduleView): z.output<typeof scheduleSchema> {
  const { message, recurrence, lastRun } = schedule;
  const times = writtenTimes(recurrence);
  return {
    id: schedule.id,
    workspace_id: schedule.workspaceId,
    agent_id: schedule.agentId,
    user_id: schedule.userId,
    channel: schedule.channel,
    identifier: schedule.identifier,
    name: schedule.name,
    prompt_text: "prompt" in message ? message.prompt : null,
    message_text: "text" in message ? message.text : null,
    format: "text" in message ? (message.format ?? "text") : null,
    buttons: "text" in message ? toButtons(message.buttons ?? []) : [],
    attachments: ("text" in message ? (message.attachments ?? []) : []).map(({ url, name, contentType }) => ({
      url,
      name: name ?? null,
      content_type: contentType ?? null,
    })),
    at: times.at ?? null,
    every: times.every ?? null,
    cron: times.cron ?? null,
    rrule: times.rrule ?? null,
    timezone: times.timezone,
    starts_at: recurrence.startsAt.toISOString(),
    ends_at: times.endsAt ?? null,
    max_runs: schedule.maxRuns,
    max_delay: schedule.graceMs === null ? null : durationText(schedule.graceMs),
    made_by: schedule.madeBy,
    status: schedule.status,
    runs: schedule.runs,
    next_run_at: schedule.nextRunAt?.toISOString() ?? null,
    last_run: lastRun && presentRun(lastRun),
    created_at: schedule.createdAt.toISOString(),
    updated_at: schedule.updatedAt.toISOString(),
  };
}

export function presentRun(run: RunView): z.output<typeof runSchema> {
  return {
    due_at: run.dueAt.toISOString(),
    status: run.status,
    reason: run.reason,
    session_id: run.sessionId,
    execution_id: run.executionId,
    delivery_ids: run.deliveryIds,
  };
}
