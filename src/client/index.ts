import { type Access, createAccess } from "./access.ts";
import { type Agents, createAgents } from "./agents.ts";
import { type Audit, createAudit } from "./audit.ts";
import { type Channels, createChannels } from "./channels.ts";
import { type Chat, createChat } from "./chat.ts";
import { createDeliveries, type Deliveries } from "./deliveries.ts";
import { createExecutions, type Executions } from "./executions.ts";
import { createFailures, type Failures } from "./failures.ts";
import { type FeedEvent, feedEvents } from "./feed.ts";
import { createHandoffs, type HandoffCalls } from "./handoffs.ts";
import { createKeys, type Keys } from "./keys.ts";
import { type Queue, readQueue } from "./queue.ts";
import { type Replay, type ReplayRequest, replaySessions } from "./replays.ts";
import { createSchedules, type Schedules } from "./schedules.ts";
import { createSessions, type Sessions } from "./sessions.ts";
import { createShadows, type Shadows } from "./shadows.ts";
import { readStats, type Stats, type StatsQuery } from "./stats.ts";
import { type Call, type CausewayOptions, createTransport, type RequestOptions } from "./transport.ts";
import { createTriggers, type Triggers } from "./triggers.ts";
import { createUsers, type Users } from "./users.ts";

export type { AccessDecider, AccessGrant, AccessRequest, Invite, ListAccess, NewInvite } from "./access.ts";
export type { Agent, AgentRollback, AgentVariable, AgentVersion } from "./agents.ts";
export type { AuditEntry, ListAudit } from "./audit.ts";
export type { Channel } from "./channels.ts";
export type { Delivery, DeliveryStatus, ListDeliveries } from "./deliveries.ts";
export { CausewayError } from "./errors.ts";
export type * from "./execution-types.ts";
export type { Failure, ListFailures } from "./failures.ts";
export type { FeedEvent } from "./feed.ts";
export type * from "./handoff-types.ts";
export type { ApiKey, NewApiKey, Scope } from "./keys.ts";
export type * from "./message-types.ts";
export type { List, Page, PageMeta } from "./page.ts";
export type { ParticipantData, WriteOptions } from "./participant-data.ts";
export type { Queue, WaitingWork } from "./queue.ts";
export type { ChangeSchedule, CreateSchedule, ListSchedules, Schedule, ScheduleRun } from "./schedules.ts";
export type * from "./session-types.ts";
export type { ListShadows, Shadow } from "./shadows.ts";
export type { Stats, StatsQuery, StatsRow } from "./stats.ts";
export type { CausewayOptions, RequestOptions } from "./transport.ts";
export type {
  MessageContent as Said,
  Trigger,
  TriggerBatch,
  TriggerCheck,
  TriggeredItem,
  TriggerResult as Triggered,
} from "./triggers.ts";
export type * from "./types.ts";
export type { Erasure, ListErasures, ListUsers, Person, User } from "./users.ts";

/**
 * Client for a Causeway server. Names are camelCase here and snake_case on the wire. Your own JSON (metadata,
 * variables, participant data) is not changed.
 *
 *     const client = new Causeway({ apiKey, baseUrl: "https://chat.example.org" });
 *     const session = await client.chat.createSession({ agentId: "echo" });
 *     for await (const event of client.chat.sendMessageStream(session.id, { content: "Hello!" })) …
 */
export class Causeway {
  readonly chat: Chat;
  readonly sessions: Sessions;
  readonly executions: Executions;
  readonly agents: Agents;
  readonly users: Users;
  readonly triggers: Triggers;
  readonly schedules: Schedules;
  readonly deliveries: Deliveries;
  readonly failures: Failures;
  readonly channels: Channels;
  readonly keys: Keys;
  readonly audit: Audit;
  readonly handoffs: HandoffCalls;
  readonly access: Access;
  readonly shadows: Shadows;
  /** Yields everything that changes in the workspace, for lists that show the present. */
  readonly feed: (options?: RequestOptions & { after?: string }) => AsyncGenerator<FeedEvent>;
  /** Counts messages, turns, failures, latency and tokens by hour or day. */
  readonly stats: (query?: StatsQuery, options?: RequestOptions) => Promise<Stats>;
  /** Asks another version what it would have answered. Nothing is stored or delivered. */
  readonly replay: (body: ReplayRequest, options?: RequestOptions) => Promise<Replay>;
  /** Counts the work that waits now. */
  readonly queue: (options?: RequestOptions) => Promise<Queue>;
  /** Makes any other call. The path is relative to `/api/v1`. Names are converted in both directions. */
  readonly request: <T>(call: Call, options?: RequestOptions) => Promise<T>;

  constructor(options: CausewayOptions) {
    const transport = createTransport(options);
    this.sessions = createSessions(transport);
    this.chat = createChat(transport, this.sessions);
    this.executions = createExecutions(transport);
    this.agents = createAgents(transport);
    this.users = createUsers(transport);
    this.triggers = createTriggers(transport);
    this.schedules = createSchedules(transport);
    this.deliveries = createDeliveries(transport);
    this.failures = createFailures(transport);
    this.channels = createChannels(transport);
    this.keys = createKeys(transport);
    this.audit = createAudit(transport);
    this.handoffs = createHandoffs(transport);
    this.access = createAccess(transport);
    this.shadows = createShadows(transport);
    this.feed = (options) => feedEvents(transport, options);
    this.replay = (body, options) => replaySessions(transport, body, options);
    this.stats = (query, options) => readStats(transport, query, options);
    this.queue = (options) => readQueue(transport, options);
    this.request = transport.request;
  }
}
