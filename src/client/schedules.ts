import type { Button, OfferedAttachment, OfferedButton } from "./message-types.ts";
import { type List, listOf } from "./page.ts";
import type { RequestOptions, Transport } from "./transport.ts";
import type { PageQuery } from "./types.ts";

/** When: one of `at`, `every`, `cron` and `rrule`. */
interface Timing {
  /** RFC 3339, or a local time in the schedule's time zone. */
  at?: string;
  /** A time span: `30m`, `1d`. */
  every?: string;
  cron?: string;
  /** RFC 5545. */
  rrule?: string;
  startsAt?: string | null;
  endsAt?: string | null;
  maxRuns?: number | null;
  /** How late a run may be; a later one is skipped. */
  maxDelay?: string | null;
  /** IANA name. */
  timezone?: string;
}

/** What: an instruction to the bot, or the message itself. */
interface Saying {
  promptText?: string;
  messageText?: string;
  buttons?: OfferedButton[];
  attachments?: OfferedAttachment[];
}

export interface CreateSchedule extends Timing, Saying {
  /** Id or slug. */
  agentId: string;
  /** The channel's name. */
  channel: string;
  identifier: string;
  name?: string | null;
}

export interface ChangeSchedule extends Timing, Saying {
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
  /** Who put it down. */
  madeBy: "operator" | "event" | "bot";
  name: string | null;
  promptText: string | null;
  messageText: string | null;
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

/** Messages to come, once or again and again. */
export function createSchedules(transport: Transport) {
  const path = (id: string) => `/schedules/${encodeURIComponent(id)}`;
  return {
    list: (query: ListSchedules = {}, options?: RequestOptions): List<Schedule> =>
      listOf(transport, { method: "GET", path: "/schedules", query: { ...query } }, options),

    get: (id: string, options?: RequestOptions): Promise<Schedule> =>
      transport.request({ method: "GET", path: path(id) }, options),

    /** What became of each run, newest first. */
    listRuns: (id: string, query: PageQuery = {}, options?: RequestOptions): List<ScheduleRun> =>
      listOf(transport, { method: "GET", path: `${path(id)}/runs`, query: { ...query } }, options),

    create: (schedule: CreateSchedule, options?: RequestOptions): Promise<Schedule> =>
      transport.request({ method: "POST", path: "/schedules", body: schedule }, options),

    /** Only what is present changes. */
    update: (id: string, changes: ChangeSchedule, options?: RequestOptions): Promise<Schedule> =>
      transport.request({ method: "PATCH", path: path(id), body: changes }, options),

    /** Cancels it: nothing is sent any more. */
    delete: (id: string, options?: RequestOptions): Promise<void> =>
      transport.request({ method: "DELETE", path: path(id) }, options),
  };
}
