import type { OutboundAttachment } from "../core/attachment.ts";
import type { ButtonSpec } from "../core/button.ts";
import type { Recurrence } from "../core/recurrence.ts";
import type { Saying } from "../core/saying.ts";
import { storableJson, storableText } from "../core/text.ts";

/** Who put a message down. What operators and rules put down, no bot may change. */
export type MadeBy = "operator" | "event" | "bot";

/** A message to come, once or again and again. */
export interface Schedule {
  id: string;
  workspaceId: string;
  agentId: string;
  channelId: string;
  userId: string;
  madeBy: MadeBy;
  name: string | null;
  saying: Saying;
  recurrence: Recurrence;
  /** How often in all; null: without end. */
  maxRuns: number | null;
  /** How late a run may be, milliseconds; a later one is skipped. Null: it is sent however late. */
  graceMs: number | null;
  status: "active" | "paused" | "completed" | "cancelled";
  runs: number;
  nextRunAt: Date | null;
}

/** What may be changed. */
export type ScheduleChanges = Partial<
  Pick<Schedule, "name" | "saying" | "recurrence" | "maxRuns" | "graceMs"> & { status: "active" | "paused" }
>;

export interface ScheduleRow {
  id: string;
  workspace_id: string;
  agent_id: string;
  channel_id: string;
  user_id: string;
  made_by: MadeBy;
  name: string | null;
  prompt: string | null;
  text: string | null;
  buttons: readonly ButtonSpec[] | null;
  attachments: readonly OutboundAttachment[] | null;
  kind: "at" | "interval" | "cron" | "rrule";
  every_ms: string | null;
  cron: string | null;
  rrule: string | null;
  timezone: string;
  starts_at: Date;
  ends_at: Date | null;
  max_runs: number | null;
  grace_ms: string | null;
  status: Schedule["status"];
  runs: number;
  next_run_at: Date | null;
}

export function toSchedule(row: ScheduleRow): Schedule {
  return {
    id: row.id,
    workspaceId: row.workspace_id,
    agentId: row.agent_id,
    channelId: row.channel_id,
    userId: row.user_id,
    madeBy: row.made_by,
    name: row.name,
    saying: toStoredSaying(row),
    recurrence: toRecurrence(row),
    maxRuns: row.max_runs,
    graceMs: row.grace_ms === null ? null : Number(row.grace_ms),
    status: row.status,
    runs: row.runs,
    nextRunAt: row.next_run_at,
  };
}

/** What the columns `prompt`, `text`, `buttons` and `attachments` say. */
export function toStoredSaying(
  row: Pick<ScheduleRow, "prompt" | "text" | "buttons" | "attachments">,
): Saying {
  const { prompt, text, buttons, attachments } = row;
  if (prompt !== null) return { prompt };
  return { text: text ?? "", ...(buttons && { buttons }), ...(attachments && { attachments }) };
}

function toRecurrence(row: ScheduleRow): Recurrence {
  const frame = { startsAt: row.starts_at, endsAt: row.ends_at, timezone: row.timezone };
  if (row.kind === "interval") return { ...frame, kind: "interval", everyMs: Number(row.every_ms) };
  if (row.kind === "rrule") return { ...frame, kind: "rrule", rrule: row.rrule ?? "" };
  return row.kind === "cron" ? { ...frame, kind: "cron", cron: row.cron ?? "" } : { ...frame, kind: "at" };
}

/** The columns that say what is sent and when, in the order of `SCHEDULE_COLUMNS`. */
export function toColumns(
  schedule: Pick<Schedule, "name" | "saying" | "recurrence" | "maxRuns" | "graceMs">,
) {
  const { saying, recurrence } = schedule;
  return [
    schedule.name && storableText(schedule.name),
    "prompt" in saying ? storableText(saying.prompt) : null,
    "text" in saying ? storableText(saying.text) : null,
    "text" in saying && saying.buttons ? storableJson(saying.buttons) : null,
    "text" in saying && saying.attachments ? storableJson(saying.attachments) : null,
    recurrence.kind,
    recurrence.kind === "interval" ? recurrence.everyMs : null,
    recurrence.kind === "cron" ? recurrence.cron : null,
    recurrence.kind === "rrule" ? recurrence.rrule : null,
    recurrence.timezone,
    recurrence.startsAt,
    recurrence.endsAt,
    schedule.maxRuns,
    schedule.graceMs,
  ];
}

export const SCHEDULE_COLUMNS = [
  "name",
  "prompt",
  "text",
  "buttons",
  "attachments",
  "kind",
  "every_ms",
  "cron",
  "rrule",
  "timezone",
  "starts_at",
  "ends_at",
  "max_runs",
  "grace_ms",
] as const;
