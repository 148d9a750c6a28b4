import type { Pool } from "pg";
import { type PageRequest, type Slice, toSlice } from "../core/page.ts";
import { countRows } from "../storage/row-count.ts";
import type { Decider, RequestState } from "./decide-access.ts";

/** A request of a person without access, as operators see it. */
export interface AccessRequest {
  id: string;
  channel: string;
  identifier: string;
  name: string | null;
  state: RequestState;
  code: string | null;
  text: string;
  messageIds: string[];
  invite: "used_up" | "expired" | "unknown" | null;
  unkept: number;
  decidedBy: Decider | null;
  requestedAt: Date;
  expiresAt: Date;
  decidedAt: Date | null;
}

/** A person who got access. */
export interface AccessGrant {
  id: string;
  channel: string;
  identifier: string;
  name: string | null;
  source: "request" | "invite";
  grantedBy: Decider;
  createdAt: Date;
}

export interface AccessFilter {
  channel?: string | undefined;
  identifier?: string | undefined;
  state?: RequestState | undefined;
}

const REQUESTS = "access_requests r JOIN channels c ON c.id = r.channel_id";
/** A request expires at its time, even if its row is marked later. */
const STATE = "CASE WHEN r.state = 'waiting' AND r.expires_at <= now() THEN 'expired' ELSE r.state END";
const SELECT_REQUEST = `SELECT r.id, c.name AS channel, r.identifier, r.name, ${STATE} AS state, r.code, r.text,
  r.message_ids AS "messageIds", r.invite, r.unkept, r.requested_at AS "requestedAt", r.expires_at AS "expiresAt",
  r.decided_at AS "decidedAt",
  CASE WHEN r.by_via IS NOT NULL THEN json_build_object('name', r.by_name, 'via', r.by_via) END AS "decidedBy"
  FROM ${REQUESTS}`;
const MATCHES = `r.workspace_id = $1 AND ($2::text IS NULL OR c.name = $2)
  AND ($3::text IS NULL OR r.identifier = $3) AND ($4::text IS NULL OR ${STATE} = $4)`;

const GRANTS = "access_grants g JOIN channels c ON c.id = g.channel_id";
const SELECT_GRANT = `SELECT g.id, c.name AS channel, g.identifier, g.name, g.source, g.created_at AS "createdAt",
  json_build_object('name', g.by_name, 'via', g.by_via) AS "grantedBy" FROM ${GRANTS}`;
/** Rows under the identifier or another name of the user $2. */
const IS_USER = (
  row: "r" | "g",
) => `EXISTS (SELECT 1 FROM users u WHERE u.id = $2 AND u.channel_id = ${row}.channel_id
  AND (u.identifier = ${row}.identifier OR EXISTS (SELECT 1 FROM user_aliases a
    WHERE a.channel_id = u.channel_id AND a.identifier = u.identifier AND a.alias = ${row}.identifier)))`;
const GRANT_MATCHES = `g.workspace_id = $1 AND ($2::text IS NULL OR c.name = $2)
  AND ($3::text IS NULL OR g.identifier = $3)`;

export type AccessQueries = ReturnType<typeof createAccessQueries>;

/** Reads the requests for access and the granted access, and takes access back. */
export function createAccessQueries(pool: Pool) {
  return {
    async requests(
      workspaceId: string,
      filter: AccessFilter,
      page: PageRequest,
    ): Promise<Slice<AccessRequest>> {
      const matching = [workspaceId, filter.channel ?? null, filter.identifier ?? null, filter.state ?? null];
      const [found, total] = await Promise.all([
        pool.query<AccessRequest>(
          `${SELECT_REQUEST} WHERE ${MATCHES} AND ($5::timestamptz IS NULL OR (r.requested_at, r.id) < ($5, $6))
           ORDER BY r.requested_at DESC, r.id DESC LIMIT $7 OFFSET $8`,
          [...matching, page.after?.at ?? null, page.after?.id ?? null, page.limit + 1, page.offset],
        ),
        countRows(pool, REQUESTS, MATCHES, matching),
      ]);
      return toSlice(found.rows, page.limit, total, ({ requestedAt: at, id }) => ({ at, id }));
    },

    async request(workspaceId: string, id: string): Promise<AccessRequest | null> {
      const { rows } = await pool.query<AccessRequest>(
        `${SELECT_REQUEST} WHERE r.workspace_id = $1 AND r.id = $2`,
        [workspaceId, id],
      );
      return rows[0] ?? null;
    },

    async grants(
      workspaceId: string,
      filter: Omit<AccessFilter, "state">,
      page: PageRequest,
    ): Promise<Slice<AccessGrant>> {
      const matching = [workspaceId, filter.channel ?? null, filter.identifier ?? null];
      const [found, total] = await Promise.all([
        pool.query<AccessGrant>(
          `${SELECT_GRANT} WHERE ${GRANT_MATCHES} AND ($4::timestamptz IS NULL OR (g.created_at, g.id) < ($4, $5))
           ORDER BY g.created_at DESC, g.id DESC LIMIT $6 OFFSET $7`,
          [...matching, page.after?.at ?? null, page.after?.id ?? null, page.limit + 1, page.offset],
        ),
        countRows(pool, GRANTS, GRANT_MATCHES, matching),
      ]);
      return toSlice(found.rows, page.limit, total, ({ createdAt: at, id }) => ({ at, id }));
    },

    /** All requests and grants of one person, under any of their names on the platform. */
    async ofUser(
      workspaceId: string,
      userId: string,
    ): Promise<{ requests: AccessRequest[]; grants: AccessGrant[] }> {
      const [requests, grants] = await Promise.all([
        pool.query<AccessRequest>(
          `${SELECT_REQUEST} WHERE r.workspace_id = $1 AND ${IS_USER("r")} ORDER BY r.requested_at, r.id`,
          [workspaceId, userId],
        ),
        pool.query<AccessGrant>(
          `${SELECT_GRANT} WHERE g.workspace_id = $1 AND ${IS_USER("g")} ORDER BY g.created_at, g.id`,
          [workspaceId, userId],
        ),
      ]);
      return { requests: requests.rows, grants: grants.rows };
    },

    /** The name of an API key. Its holder decides under that name. */
    async nameOfKey(keyId: string): Promise<string> {
      const { rows } = await pool.query<{ name: string }>("SELECT name FROM api_keys WHERE id = $1", [keyId]);
      return rows[0]?.name ?? "a key that is gone";
    },

    /** Takes a grant back. The user's next message is held again. False: there is none. */
    async revoke(workspaceId: string, id: string): Promise<boolean> {
      const { rowCount } = await pool.query("DELETE FROM access_grants WHERE workspace_id = $1 AND id = $2", [
        workspaceId,
        id,
      ]);
      return rowCount === 1;
    },
  };
}
