import type { WireAttachment, WireButton } from "../../web-chat/chat/wire.ts";

/** A page of a list. */
export interface Page<T> {
  data: T[];
  meta: { total: number; next_cursor: string | null };
}

export interface Holder {
  name: string;
  via: string;
}

export interface OpenHandoff {
  id: string;
  state: "requested" | "taken";
  reason: string | null;
  desk: string | null;
  holder: Holder | null;
  requested_at: string;
  taken_at: string | null;
}

export interface Session {
  id: string;
  agent_id: string;
  agent_version: number;
  user_id: string | null;
  channel: string;
  status: "active" | "completed";
  end_reason: string | null;
  title: string | null;
  summary: string | null;
  created_at: string;
  updated_at: string;
  last_activity_at: string;
  ended_at: string | null;
  handoff: OpenHandoff | null;
}

export interface SessionRow extends Session {
  last_message: { id: string; role: "user" | "assistant"; content: string; created_at: string } | null;
  user: { id: string; identifier: string; name: string | null } | null;
}

export interface User {
  id: string;
  identifier: string;
  name: string | null;
  channel: string;
  /** Tells if a message that they did not ask for would arrive. */
  reachable: { ok: boolean; code: string | null; reason: string | null };
  created_at: string;
}

export type Origin = "user" | "bot" | "operator" | "instruction" | "command" | "notice" | "tool" | "seed";

export interface Feedback {
  rating: "up" | "down";
  comment: string | null;
  user: { identifier: string; name: string | null } | null;
  via: string;
}

/** A rating in a list of its own. */
export interface ListedFeedback extends Feedback {
  id: string;
  message_id: string;
}

export interface Message {
  id: string;
  seq: number;
  session_id: string;
  role: "system" | "user" | "assistant" | "tool";
  origin: Origin;
  content: string;
  attachments: WireAttachment[];
  buttons: WireButton[];
  payload: string | null;
  metadata: Record<string, unknown>;
  author: { identifier?: string; name: string | null; via?: string } | null;
  execution_id: string | null;
  created_at: string;
}

export interface Delivery {
  id: string;
  session_id: string;
  message_id: string | null;
  handoff_id: string | null;
  channel: string;
  address: string;
  part: number;
  content: string;
  status: "queued" | "sending" | "sent" | "delivered" | "read" | "failed" | "unknown";
  attempts: number;
  next_attempt_at: string | null;
  error_code: string | null;
  error: string | null;
  possible_duplicate: boolean;
  created_at: string;
  updated_at: string;
  sent_at: string | null;
}

export interface Execution {
  id: string;
  session_id: string;
  agent_id: string;
  channel: string;
  user_message_id: string | null;
  status: "pending" | "running" | "completed" | "failed" | "cancelled";
  attempts: number;
  error: { code: string; message: string } | null;
  merged_into: string | null;
  duration_ms: number | null;
  created_at: string;
  ended_at: string | null;
}

/** A firing of an event rule. */
export interface SessionEvent {
  id: string;
  agent_version: number;
  /** The place of the rule among those of the version, from 0. */
  rule: number;
  event: string;
  data: Record<string, unknown>;
  status: "pending" | "running" | "completed" | "skipped" | "failed" | "unreachable";
  reason: string | null;
  attempts: number;
  /** The outcome of each finished action. */
  actions: Record<string, unknown>[];
  created_at: string;
  ended_at: string | null;
}

export interface Trail {
  summary: string;
  facts: { at: string; what: string; why: string | null; type: string; id: string }[];
}

export interface Channel {
  id: string;
  name: string;
  kind: string;
  state: "ok" | "error" | "paused" | "disabled";
  last_inbound_at: string | null;
  last_outbound_at: string | null;
  last_error: string | null;
  last_error_at: string | null;
  paused_until: string | null;
}

export interface Agent {
  id: string;
  slug: string;
  name: string;
  current_version: number;
  definition: Record<string, unknown>;
  updated_at: string;
}

export interface AgentVersion {
  version: number;
  name: string;
  definition: Record<string, unknown>;
  created_at: string;
}

export interface AuditEntry {
  id: string;
  actor: { key_id: string; key_name: string | null; via: "api" | "console" };
  address: string;
  method: string;
  operation: string;
  path: string;
  fields: string[];
  before: Record<string, unknown> | null;
  after: Record<string, unknown> | null;
  created_at: string;
}

export interface AccessRequest {
  id: string;
  channel: string;
  identifier: string;
  name: string | null;
  code: string | null;
  /** The first words of their message. */
  text: string;
  requested_at: string;
}

export interface AccessGrant {
  id: string;
  channel: string;
  identifier: string;
  name: string | null;
  granted_by: { name: string; via: string };
  created_at: string;
}

export interface ApiKey {
  id: string;
  name: string;
  /** The first characters of the secret. */
  prefix: string;
  scopes: string[];
  /** The key of the settings, which cannot be revoked here. */
  operator: boolean;
  created_at: string;
  last_used_at: string | null;
}

export interface ScheduleRun {
  due_at: string;
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
  session_id: string | null;
}

export interface Schedule {
  id: string;
  agent_id: string;
  channel: string;
  identifier: string;
  name: string | null;
  prompt_text: string | null;
  message_text: string | null;
  format: "text" | "markdown" | null;
  buttons: WireButton[];
  attachments: { url: string; name: string | null; content_type: string | null }[];
  at: string | null;
  every: string | null;
  cron: string | null;
  rrule: string | null;
  timezone: string;
  status: "active" | "paused" | "completed" | "cancelled";
  made_by: "operator" | "event" | "bot";
  runs: number;
  next_run_at: string | null;
  last_run: ScheduleRun | null;
}

/** A firing of an event rule, or a run of a schedule, that was given up. */
export interface Failure {
  id: string;
  kind: "event" | "schedule";
  what: string;
  reason: string | null;
  attempts: number;
  channel: string;
  agent_id: string;
  user: { id: string; identifier: string; name: string | null } | null;
  session_id: string | null;
  schedule_id: string | null;
  failed_at: string;
}

/** The outlook of a message to one person. */
export interface TriggerCheck {
  identifier: string;
  user: { id: string; identifier: string; name: string | null } | null;
  reachable: User["reachable"];
  quiet_until: string | null;
  session: { id: string; title: string | null; handoff: boolean } | null;
}

/** The numbers of one hour or day. */
export interface StatsRow {
  start: string;
  channel: string | null;
  agent: string | null;
  messages: { in: number; out: number };
  turns: number;
  failures: number;
  cancelled: number;
  latency_ms: { p50: number; p95: number } | null;
  tokens: { prompt: number; completion: number; total: number };
  deliveries: { total: number; failed: number };
}

export interface Stats {
  interval: "hour" | "day";
  time_zone: string;
  since: string;
  until: string;
  data: StatsRow[];
}

export interface WaitingWork {
  sessions: { waiting: number; running: number; oldest_seconds: number | null };
  deliveries: { waiting: number; retried: number; oldest_seconds: number | null; unknown: number };
}

export interface Queue extends WaitingWork {
  at: string;
  workers: number;
  last_minute: { turns: number; sent: number };
  channels: (WaitingWork & { channel: string; paused_until: string | null })[];
}
