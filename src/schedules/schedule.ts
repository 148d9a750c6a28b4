import type { OutboundAttachment } from "../core/message/attachment.ts";
import type { ButtonSpec } from "../core/message/button.ts";
import type { UnpromptedMessage } from "../core/message/unprompted-message.ts";
import type { Recurrence } from "../core/schedule/recurrence.ts";
import { storableJson, storableText } from "../core/text/text.ts";

/** The creator of a scheduled message. A bot may not change those of operators and rules. */
export type MadeBy = "operator" | "event" | "bot";

/** A scheduled message, sent once or repeatedly. */
export interface Schedule {
  id: string;
  workspaceId: string;
  agentId: string;
  channelId: string;
  userId: string;
  /** For an anonymous visitor, the session in which it was created. Null for all other users. */
  sessionId: string | null;
  madeBy: MadeBy;
  name: string | null;
  message: UnpromptedMessage;
  recurrence: Recurrence;
  /** Total number of runs; null: unlimited. */
  maxRuns: number | null;
  /** Maximum delay of a run in milliseconds; a later one is skipped. Null: it is always sent. */
  graceMs: number | null;
  status: "active" | "paused" | "completed" | "cancelled";
  runs: number;
  nextRunAt: Date | null;
}

/** The properties that a change may set. */
export type ScheduleChanges = Partial<
  Pick<Schedule, "name" | "message" | "recurrence" | "maxRuns" | "graceMs"> & { status: "active" | "paused" }
>;

export interface ScheduleRow {
  id: string;
  workspace_id: string;
  agent_id: string;
  channel_id: string;
  user_id: string;
  session_id: string | null;
  made_by: MadeBy;
  name: string | null;
  prompt: string | null;
  text: string | null;
  format: "markdown" | null;
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
    sessionId: row.session_id,
    madeBy: row.made_by,
    name: row.name,
    message: toStoredMessage(row),
    recurrence: toRecurrence(row),
    maxRuns: row.max_runs,
    graceMs: row.grace_ms === null ? null : Number(row.grace_ms),
    status: row.status,
    runs: row.runs,
    nextRunAt: row.next_run_at,
  };
}

/** Converts the columns `prompt`, `text`, `format`, `buttons` and `attachments` into a message. */
export function toStoredMessage(
  row: Pick<ScheduleRow, "prompt" | "text" | "format" | "buttons" | "attachments">,
): UnpromptedMessage {
  const { prompt, text, format, buttons, attachments } = row;
  if (prompt !== null) return { prompt };
  return {
    text: text ?? "",
    ...(format && { format }),
    ...(buttons && { buttons }),
    ...(attachments && { attachments }),
  };
}

function toRecurrence(row: ScheduleRow): Recurrence {
  const frame = { startsAt: row.starts_at, endsAt: row.ends_at, timezone: row.timezone };
  if (row.kind === "interval") return { ...frame, kind: "interval", everyMs: Number(row.every_ms) };
  if (row.kind === "rrule") return { ...frame, kind: "rrule", rrule: row.rrule ?? "" };
  return row.kind === "cron" ? { ...frame, kind: "cron", cron: row.cron ?? "" } : { ...frame, kind: "at" };
}

/** Values for the content and the timing of a schedule, in the order of `SCHEDULE_COLUMNS`. */
export function toColumns(
  schedule: Pick<Schedule, "name" | "message" | "recurrence" | "maxRuns" | "graceMs">,
) {
  const { message, recurrence } = schedule;
  return [
    schedule.name && storableText(schedule.name),
    "prompt" in message ? storableText(message.prompt) : null,
    "text" in message ? storableText(message.text) : null,
    "text" in message ? (message.format ?? null) : null,
    "text" in message && message.buttons ? storableJson(message.buttons) : null,
    "text" in message && message.attachments ? storableJson(message.attachments) : null,
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
  "format",
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
