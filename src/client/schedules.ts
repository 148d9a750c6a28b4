import type { Button, OfferedAttachment, OfferedButton } from "./message-types.ts";
import { type List, listOf } from "./page.ts";
import type { RequestOptions, Transport } from "./transport.ts";
import type { PageQuery } from "./types.ts";

/** Timing: one of `at`, `every`, `cron` and `rrule`. */
interface Timing {
  /** RFC 3339, or a local time in the schedule's time zone. */
  at?: string;
  /** A duration: `30m`, `1d`. */
  every?: string;
  cron?: string;
  /** Recurrence rule (RFC 5545). */
  rrule?: string;
  startsAt?: string | null;
  endsAt?: string | null;
  maxRuns?: number | null;
  /** Maximum delay of a run; a later one is skipped. */
  maxDelay?: string | null;
  /** IANA name. */
  timezone?: string;
}

/** Content: an instruction to the bot, or the message itself. */
interface UnpromptedMessage {
  promptText?: string;
  messageText?: string;
  /** Format of `messageText`: sent word for word (the default), or shown as Markdown. */
  format?: "text" | "markdown";
  buttons?: OfferedButton[];
  attachments?: OfferedAttachment[];
}

export interface CreateSchedule extends Timing, UnpromptedMessage {
  /** Id or slug. */
  agentId: string;
  /** The channel's name. */
  channel: string;
  identifier: string;
  name?: string | null;
}

/** The same message and time for many users. An item inherits the fields that it leaves out. */
export interface CreateSchedules extends Omit<CreateSchedule, "identifier"> {
  items: { identifier: string; name?: string | null; timezone?: string }[];
}

/** The result for one user of a batch. */
export interface CreatedSchedule {
  identifier: string;
  status: "created" | "failed";
  schedule?: Schedule;
  error?: { code: string; message: string };
}

export interface ChangeSchedule extends Timing, UnpromptedMessage {
  name?: string | null;
  status?: "active" | "paused";
}

export type ScheduleStatus = "active" | "paused" | "completed" | "cancelled";

export interface ScheduleRun {
  dueAt: string;
  status:
    | "pending"
    | "answering"
    | "delivering"
    | "sent"
    | "delivered"
    | "failed"
    | "skipped"
    | "unreachable";
  reason: string | null;
  sessionId: string | null;
  executionId: string | null;
  deliveryIds: string[];
}

export interface Schedule {
  id: string;
  workspaceId: string;
  agentId: string;
  userId: string;
  channel: string;
  identifier: string;
  /** The creator of the schedule. */
  madeBy: "operator" | "event" | "bot";
  name: string | null;
  promptText: string | null;
  messageText: string | null;
  /** Format of `messageText`. */
  format: "text" | "markdown" | null;
  buttons: Button[];
  attachments: { url: string; name: string | null; contentType: string | null }[];
  at: string | null;
  every: string | null;
  cron: string | null;
  rrule: string | null;
  timezone: string;
  startsAt: string;
  endsAt: string | null;
  maxRuns: number | null;
  maxDelay: string | null;
  status: ScheduleStatus;
  runs: number;
  nextRunAt: string | null;
  lastRun: ScheduleRun | null;
  createdAt: string;
  updatedAt: string;
}

export interface ListSchedules extends PageQuery {
  agentId?: string;
  userId?: string;
  channel?: string;
  status?: ScheduleStatus;
}

export type Schedules = ReturnType<typeof createSchedules>;

/** Scheduled messages, sent once or repeatedly. */
export function createSchedules(transport: Transport) {
  const path = (id: string) => `/schedules/${encodeURIComponent(id)}`;
  return {
    list: (query: ListSchedules = {}, options?: RequestOptions): List<Schedule> =>
      listOf(transport, { method: "GET", path: "/schedules", query: { ...query } }, options),

    get: (id: string, options?: RequestOptions): Promise<Schedule> =>
      transport.request({ method: "GET", path: path(id) }, options),

    /** Lists the runs of a schedule and their results, newest first. */
    listRuns: (id: string, query: PageQuery = {}, options?: RequestOptions): List<ScheduleRun> =>
      listOf(transport, { method: "GET", path: `${path(id)}/runs`, query: { ...query } }, options),

    create: (schedule: CreateSchedule, options?: RequestOptions): Promise<Schedule> =>
      transport.request({ method: "POST", path: "/schedules", body: schedule }, options),

    /** Creates one schedule for each user in a list. Returns the results in the same order. */
    createBatch: (batch: CreateSchedules, options?: RequestOptions): Promise<{ data: CreatedSchedule[] }> =>
      transport.request({ method: "POST", path: "/schedules/batch", body: batch }, options),

    /** Changes only the fields that are present. */
    update: (id: string, changes: ChangeSchedule, options?: RequestOptions): Promise<Schedule> =>
      transport.request({ method: "PATCH", path: path(id), body: changes }, options),

    /** Cancels a schedule. Nothing more is sent. */
    delete: (id: string, options?: RequestOptions): Promise<void> =>
      transport.request({ method: "DELETE", path: path(id) }, options),
  };
}
