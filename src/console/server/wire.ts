import type { AccessGrant as ClientGrant, AccessRequest as ClientRequest } from "../../client/access.ts";
import type { Agent as ClientAgent, AgentVersion as ClientVersion } from "../../client/agents.ts";
import type { AuditEntry as ClientAuditEntry } from "../../client/audit.ts";
import type { Channel as ClientChannel, ChannelCheck as ClientChannelCheck } from "../../client/channels.ts";
import type { Delivery as ClientDelivery } from "../../client/deliveries.ts";
import type { Execution as ClientExecution } from "../../client/execution-types.ts";
import type { Failure as ClientFailure } from "../../client/failures.ts";
import type { OpenHandoff as ClientHandoff } from "../../client/handoff-types.ts";
import type { ApiKey as ClientKey } from "../../client/keys.ts";
import type {
  Feedback as ClientFeedback,
  ListedFeedback as ClientListedFeedback,
  Message as ClientMessage,
  Trail as ClientTrail,
} from "../../client/message-types.ts";
import type { Queue as ClientQueue } from "../../client/queue.ts";
import type { ScheduleRun as ClientRun, Schedule as ClientSchedule } from "../../client/schedules.ts";
import type {
  SessionEvent as ClientEvent,
  SessionRow as ClientRow,
  Session as ClientSession,
} from "../../client/session-types.ts";
import type { Stats as ClientStats, StatsRow as ClientStatsRow } from "../../client/stats.ts";
import type { TriggerCheck as ClientCheck } from "../../client/triggers.ts";
import type { User as ClientUser } from "../../client/users.ts";

/** `createdAt` as it travels: `created_at`. */
type Snake<Name extends string> = Name extends `${infer First}${infer Rest}`
  ? First extends Lowercase<First>
    ? `${First}${Snake<Rest>}`
    : `_${Lowercase<First>}${Snake<Rest>}`
  : Name;

/** A type of the client as it travels. */
type Wire<T> = T extends readonly (infer Item)[]
  ? Wire<Item>[]
  : T extends object
    ? { [Name in keyof T as Name extends string ? Snake<Name> : Name]: Wire<T[Name]> }
    : T;

export type Delivery = Wire<ClientDelivery>;
export type Execution = Wire<ClientExecution>;
export type Failure = Wire<ClientFailure>;
export type TriggerCheck = Wire<ClientCheck>;
export type Schedule = Wire<ClientSchedule>;
export type ScheduleRun = Wire<ClientRun>;
export type AccessRequest = Wire<ClientRequest>;
export type AccessGrant = Wire<ClientGrant>;
export type ApiKey = Wire<ClientKey>;
export type AuditEntry = Wire<ClientAuditEntry>;
export type Stats = Wire<ClientStats>;
export type StatsRow = Wire<ClientStatsRow>;
export type Queue = Wire<ClientQueue>;
export type Channel = Wire<ClientChannel>;
export type ChannelCheck = Wire<ClientChannelCheck>;
export type Agent = Wire<ClientAgent>;
export type AgentVersion = Wire<ClientVersion>;
export type SessionEvent = Wire<ClientEvent>;
export type User = Wire<ClientUser>;
export type Session = Wire<ClientSession>;
export type SessionRow = Wire<ClientRow>;
export type OpenHandoff = Wire<ClientHandoff>;
export type Message = Wire<ClientMessage>;
export type Origin = Message["origin"];
export type Feedback = Wire<ClientFeedback>;
export type ListedFeedback = Wire<ClientListedFeedback>;
export type Trail = Wire<ClientTrail>;

/** A page of a list. */
export interface Page<T> {
  data: T[];
  meta: { total: number; next_cursor: string | null };
}
