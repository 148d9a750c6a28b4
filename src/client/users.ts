import type { AccessGrant, AccessRequest } from "./access.ts";
import type { Handoff } from "./handoff-types.ts";
import type { Message } from "./message-types.ts";
import { type List, listOf } from "./page.ts";
import { createParticipantData } from "./participant-data.ts";
import type { Schedule } from "./schedules.ts";
import type { Session } from "./session-types.ts";
import type { RequestOptions, Transport } from "./transport.ts";
import type { JsonObject, PageQuery } from "./types.ts";

/** A user of one channel. */
export interface User {
  id: string;
  workspaceId: string;
  /** The channel's name. */
  channel: string;
  identifier: string;
  name: string | null;
  /** The user's profile from the platform. */
  profile: JsonObject;
  anonymous: boolean;
  /** Reachability of the user, and the reason if they are unreachable. */
  reachable: { ok: boolean; code: string | null; reason: string | null; since: string | null };
  /** The time since which they refuse marketing messages, as they told the platform. */
  marketingStoppedAt: string | null;
  createdAt: string;
  updatedAt: string;
}

/** Everything that is stored about one person. */
export interface Person {
  exportedAt: string;
  user: User;
  /** Other names of theirs on the platform. */
  aliases: string[];
  /** Their participant data, by agent. An anonymous visitor has it by session. */
  data: { agentId: string; sessionId: string | null; participantData: JsonObject; updatedAt: string }[];
  /** Their ratings of messages, also in the conversations of others. */
  ratings: {
    messageId: string;
    rating: "up" | "down";
    comment: string | null;
    createdAt: string;
    updatedAt: string;
  }[];
  schedules: Schedule[];
  /** Handoffs to people, with their notes. Null without the scope `handoff:read`. */
  handoffs: Handoff[] | null;
  /** Requests for access, and the decisions about them. Null without the scope `access:read`. */
  access: { requests: AccessRequest[]; grants: AccessGrant[] } | null;
  /** Changes of their data and sessions by operators. Null without the scope `admin`. */
  changes:
    | {
        at: string;
        operation: string;
        by: string | null;
        via: "api" | "console";
        targets: string[];
        fields: string[];
      }[]
    | null;
  sessions: (Session & { messages: Message[] })[];
}

/** The certificate of an erased person: what was erased, when, and by whom. It has nothing of the person. */
export interface Erasure {
  id: string;
  workspaceId: string;
  /** SHA-256 of the user's id, in hexadecimal digits. */
  userHash: string;
  erasedAt: string;
  actor: {
    keyId: string;
    keyName: string | null;
    via: "api" | "console";
    consoleSessionId: string | null;
  };
  /** Numbers of the erased rows, by table. */
  erasedRows: Record<string, number>;
}

export interface ListErasures extends PageQuery {
  /** The id that the erased user had. */
  userId?: string;
  /** At this time or later: RFC 3339. */
  since?: string;
  /** Before this time. */
  until?: string;
}

export interface ListUsers extends PageQuery {
  channel?: string;
  /** Any common spelling: `+491701234567`, `ada`. */
  identifier?: string;
  /** Text that the name or the identifier contains. */
  q?: string;
}

export type Users = ReturnType<typeof createUsers>;

/** Users and their participant data. */
export function createUsers(transport: Transport) {
  const path = (id: string) => `/users/${encodeURIComponent(id)}`;
  return {
    list: (query: ListUsers = {}, options?: RequestOptions): List<User> =>
      listOf(transport, { method: "GET", path: "/users", query: { ...query } }, options),

    get: (id: string, options?: RequestOptions): Promise<User> =>
      transport.request({ method: "GET", path: path(id) }, options),

    /** The user with contact data, for an audit row. A key reads the same with `get`. */
    reveal: (id: string, options?: RequestOptions): Promise<User> =>
      transport.request({ method: "POST", path: `${path(id)}/reveal` }, options),

    /** Everything that is stored about the user, with all messages. */
    export: (id: string, options?: RequestOptions): Promise<Person> =>
      transport.request({ method: "GET", path: `${path(id)}/export` }, options),

    /** Erases the user with all sessions, messages and participant data. */
    delete: (id: string, options?: RequestOptions): Promise<void> =>
      transport.request({ method: "DELETE", path: path(id) }, options),

    listErasures: (query: ListErasures = {}, options?: RequestOptions): List<Erasure> =>
      listOf(transport, { method: "GET", path: "/erasures", query: { ...query } }, options),

    getErasure: (id: string, options?: RequestOptions): Promise<Erasure> =>
      transport.request({ method: "GET", path: `/erasures/${encodeURIComponent(id)}` }, options),

    ...createParticipantData(transport),
  };
}
