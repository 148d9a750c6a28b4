import { type List, listOf } from "./page.ts";
import type { RequestOptions, Transport } from "./transport.ts";
import type { PageQuery } from "./types.ts";

/** A person who decided, or the name of an API key. `via`: `api`, `console`, `slack`, `telegram` or `config`. */
export interface AccessDecider {
  name: string;
  via: string;
}

/** A request of a person without access. */
export interface AccessRequest {
  id: string;
  /** The channel's name. */
  channel: string;
  identifier: string;
  name: string | null;
  state: "waiting" | "approved" | "denied" | "expired";
  /** The code that they were told. Null with `allowlist`. */
  code: string | null;
  /** The first words of their message. */
  text: string;
  messageIds: string[];
  /** The reason why the invite that they wrote is not valid. Null: they wrote none. */
  invite: "used_up" | "expired" | "unknown" | null;
  /** Messages that were not kept. */
  unkept: number;
  requestedAt: string;
  expiresAt: string;
  decidedAt: string | null;
  decidedBy: AccessDecider | null;
}

/** A person who got access. */
export interface AccessGrant {
  id: string;
  channel: string;
  identifier: string;
  name: string | null;
  source: "request" | "invite";
  grantedBy: AccessDecider;
  createdAt: string;
}

/** A code that gives people access. */
export interface Invite {
  id: string;
  channel: string;
  /** Number of people who may use it, and number of people who did. */
  uses: number;
  used: number;
  createdBy: AccessDecider;
  createdAt: string;
  expiresAt: string;
}

/** A new invite. `code` is shown only once. `url` is null if the platform has no such links. */
export type NewInvite = Invite & { code: string; url: string | null };

export interface ListAccess extends PageQuery {
  channel?: string;
  identifier?: string;
}

export type Access = ReturnType<typeof createAccess>;

/** Access to the bot: requests, grants and invites. */
export function createAccess(transport: Transport) {
  const path = (id: string, act = "") => `/access_requests/${encodeURIComponent(id)}${act}`;
  return {
    /** People who ask for access, newest first. */
    requests: (
      query: ListAccess & { state?: AccessRequest["state"] } = {},
      options?: RequestOptions,
    ): List<AccessRequest> =>
      listOf(transport, { method: "GET", path: "/access_requests", query: { ...query } }, options),

    request: (id: string, options?: RequestOptions): Promise<AccessRequest> =>
      transport.request({ method: "GET", path: path(id) }, options),

    /** Gives a person access. The messages that waited are answered now. */
    approve: (id: string, options?: RequestOptions): Promise<AccessRequest> =>
      transport.request({ method: "POST", path: path(id, "/approve"), body: {} }, options),

    /** The same, by the code that the person has. */
    approveCode: (code: string, options?: RequestOptions): Promise<AccessRequest> =>
      transport.request({ method: "POST", path: "/access_requests/approve", body: { code } }, options),

    /** The messages that waited are deleted. For a day, nothing more of this person is kept. */
    deny: (id: string, options?: RequestOptions): Promise<AccessRequest> =>
      transport.request({ method: "POST", path: path(id, "/deny"), body: {} }, options),

    /** People who have access, newest first. */
    grants: (query: ListAccess = {}, options?: RequestOptions): List<AccessGrant> =>
      listOf(transport, { method: "GET", path: "/access_grants", query: { ...query } }, options),

    /** Invites people. `expiresIn`: `30m`, `2h`, `7d`, or seconds. */
    invite: (
      to: { channel: string; expiresIn?: string | number; uses?: number },
      options?: RequestOptions,
    ): Promise<NewInvite> => transport.request({ method: "POST", path: "/invites", body: to }, options),

    /** Invites without their codes, newest first. */
    invites: (query: PageQuery = {}, options?: RequestOptions): List<Invite> =>
      listOf(transport, { method: "GET", path: "/invites", query: { ...query } }, options),

    /** Takes an invite back. People who used it keep their access. */
    deleteInvite: (id: string, options?: RequestOptions): Promise<void> =>
      transport.request({ method: "DELETE", path: `/invites/${encodeURIComponent(id)}` }, options),

    /** Takes a person's access back. */
    revoke: (grantId: string, options?: RequestOptions): Promise<void> =>
      transport.request({ method: "DELETE", path: `/access_grants/${encodeURIComponent(grantId)}` }, options),
  };
}
