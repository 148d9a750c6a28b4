import { type List, listOf } from "./page.ts";
import { createParticipantData } from "./participant-data.ts";
import type { RequestOptions, Transport } from "./transport.ts";
import type { JsonObject, PageQuery } from "./types.ts";

/** Somebody who chats on one channel. */
export interface User {
  id: string;
  workspaceId: string;
  /** The channel's name. */
  channel: string;
  identifier: string;
  name: string | null;
  /** What the platform says of them. */
  profile: JsonObject;
  anonymous: boolean;
  /** Whether they can be written to, and why not. */
  reachable: { ok: boolean; code: string | null; reason: string | null; since: string | null };
  createdAt: string;
  updatedAt: string;
}

export interface ListUsers extends PageQuery {
  channel?: string;
  identifier?: string;
}

export type Users = ReturnType<typeof createUsers>;

/** The people who chat, and what is kept of them. */
export function createUsers(transport: Transport) {
  const path = (id: string) => `/users/${encodeURIComponent(id)}`;
  return {
    list: (query: ListUsers = {}, options?: RequestOptions): List<User> =>
      listOf(transport, { method: "GET", path: "/users", query: { ...query } }, options),

    get: (id: string, options?: RequestOptions): Promise<User> =>
      transport.request({ method: "GET", path: path(id) }, options),

    /** Erases the person everywhere: sessions, messages and participant data go too. */
    delete: (id: string, options?: RequestOptions): Promise<void> =>
      transport.request({ method: "DELETE", path: path(id) }, options),

    ...createParticipantData(transport),
  };
}
