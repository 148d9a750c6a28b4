import { type ToolSet, tool } from "ai";
import { z } from "zod";
import type { ComingMessage } from "../../core/message/unprompted-message.ts";
import { planSchedule, writtenTimes } from "../../core/schedule/plan-schedule.ts";
import { nextRun, type Recurrence } from "../../core/schedule/recurrence.ts";
import type { JsonObject } from "../../core/text/json.ts";
import { DURATION_PATTERN, durationMs } from "../../core/time/duration.ts";
import { isTimezone } from "../../core/time/wall-clock.ts";
import type { ToolEffects } from "./tool-effects.ts";

const duration = z.string().regex(DURATION_PATTERN);
const moment = z.union([z.iso.datetime({ offset: true }), z.iso.datetime({ local: true })]);
const when = {
  after: duration.optional().describe("From now, once: 30m, 2h, 1d"),
  at: moment.optional().describe("Once: RFC 3339; without an offset the user's wall clock"),
  every: duration.optional().describe("Again and again: 12h, 1d, 7d"),
  cron: z.string().max(200).optional().describe("Again and again: a cron pattern of five fields"),
  rrule: z.string().max(500).optional().describe("Again and again: a recurrence rule of RFC 5545"),
  timezone: z
    .string()
    .max(64)
    .optional()
    .describe("IANA zone. Default: the user's, if it is known, else UTC"),
};
type When = z.output<z.ZodObject<typeof when>>;

/** Minimum interval, because a model that misunderstands a request must not write to a user every second. */
const LEAST_GAP_MS = 60_000;

/** Tools for scheduled messages. Nothing takes effect before the model's reply is committed. */
export function scheduleTools(effects: ToolEffects) {
  return {
    schedule_message: scheduleMessage(effects),
    list_schedules: listSchedules(effects),
    change_schedule: changeSchedule(effects),
    cancel_schedule: cancelSchedule(effects),
  } satisfies ToolSet;
}

function scheduleMessage(effects: ToolEffects) {
  return tool({
    description:
      "Has you write to the user later, such as a reminder: once, or again and again. Give one of `after`, `at`, `every`, `cron` and `rrule`.",
    inputSchema: z.object({
      instruction: z.string().min(1).describe("Your task at that time, as an instruction to yourself."),
      name: z.string().min(1).max(200).optional(),
      ...when,
      max_runs: z
        .int()
        .min(1)
        .optional()
        .describe("The number of repetitions in total; default: without end"),
    }),
    execute: async ({ instruction, name, max_runs, ...times }) => {
      const planned = plan(times, await effects.participantData());
      if (typeof planned === "string") return `Nothing was scheduled: ${planned}`;
      const { recurrence, nextRunAt: at } = planned;
      effects.scheduleLater({
        at,
        message: { prompt: instruction },
        ...(name === undefined ? {} : { name }),
        ...(recurrence.kind === "at" ? {} : { repeats: { recurrence, maxRuns: max_runs ?? null } }),
      });
      return `You will write to the user at ${at.toISOString()}${recurrence.kind === "at" ? "" : ", and again after that"}.`;
    },
  });
}

function listSchedules(effects: ToolEffects) {
  return tool({
    description: "Lists the messages you scheduled for the user that are still to come, with their ids.",
    inputSchema: z.object({}),
    execute: async () => (await effects.coming()).map(present),
  });
}

function changeSchedule(effects: ToolEffects) {
  return tool({
    description:
      "Moves, pauses or resumes a message you scheduled. What a paused one misses is not made up for.",
    inputSchema: z.object({ id: z.string(), ...when, status: z.enum(["active", "paused"]).optional() }),
    execute: async ({ id, status, ...times }) => {
      const found = await find(effects, id);
      if (!found) return `Nothing was changed: you scheduled no message ${id}.`;
      const isMoved = Object.values(times).some((value) => value !== undefined);
      if (isMoved) {
        const planned = plan(times, await effects.participantData());
        if (typeof planned === "string") return `Nothing was changed: ${planned}`;
        effects.changeLater({ id, kind: "move", recurrence: planned.recurrence });
      }
      if (status) effects.changeLater({ id, kind: status === "paused" ? "pause" : "resume" });
      return isMoved || status ? "It is changed with your reply." : "Nothing was changed: say what.";
    },
  });
}

function cancelSchedule(effects: ToolEffects) {
  return tool({
    description: "Cancels a message you scheduled for the user.",
    inputSchema: z.object({ id: z.string() }),
    execute: async ({ id }) => {
      if (!(await find(effects, id))) return `Nothing was cancelled: you scheduled no message ${id}.`;
      effects.changeLater({ id, kind: "cancel" });
      return "It is cancelled with your reply.";
    },
  });
}

/** The plan from a model's input, or the reason why there is none. */
function plan(
  { after, timezone, ...times }: When,
  data: JsonObject,
): { recurrence: Recurrence; nextRunAt: Date } | string {
  const given = Object.values({ after, ...times }).filter((value) => value !== undefined).length;
  if (given !== 1) return "give one of after, at, every, cron and rrule.";
  const now = new Date();
  const own = data["timezone"];
  const zone = timezone ?? (typeof own === "string" && isTimezone(own) ? own : "UTC");
  const at = after ? new Date(now.getTime() + durationMs(after)).toISOString() : times.at;
  const planned = planSchedule({ ...times, at, timezone: zone }, now);
  if (planned.kind === "refused") return planned.reason;
  const { recurrence, nextRunAt } = planned;
  const second = nextRun(recurrence, nextRunAt);
  const isTooOften = second !== null && second.getTime() - nextRunAt.getTime() < LEAST_GAP_MS;
  return isTooOften ? "it would come more often than once a minute." : { recurrence, nextRunAt };
}

async function find(effects: ToolEffects, id: string): Promise<ComingMessage | undefined> {
  return (await effects.coming()).find((coming) => coming.id === id);
}

function present({ id, name, instruction, recurrence, nextAt }: ComingMessage) {
  const { timezone, at, every, cron, rrule } = writtenTimes(recurrence);
  return {
    id,
    ...(name === null ? {} : { name }),
    instruction,
    ...(at === undefined ? { every, cron, rrule, timezone } : { at }),
    ...(nextAt === null ? { status: "paused" } : { next: nextAt.toISOString() }),
  };
}
