import type { Pool } from "pg";
import { type PageRequest, type Slice, toSlice } from "../core/page.ts";
import type { Unreachable } from "../core/session/reachability.ts";
import type { JsonObject } from "../core/text/json.ts";
import type { User } from "../storage/generated/client.ts";
import { jsonObject } from "../storage/json-column.ts";
import { countRows } from "../storage/row-count.ts";

/** A user of one channel. */
export interface UserView {
  id: string;
  workspaceId: string;
  channel: string;
  identifier: string;
  name: string | null;
  profile: JsonObject;
  anonymous: boolean;
  /** The platform's reason why messages no longer arrive. Null if it gave none, or if the user has written since. */
  unreachable: (Unreachable & { since: Date }) | null;
  /** The time since which they refuse marketing messages, as they told the platform; null: they did not refuse. */
  marketingStoppedAt: Date | null;
  createdAt: Date;
  updatedAt: Date;
}

export interface UserFilter {
  channel?: string | undefined;
  /** Matches any of these. One user may have several forms of a name (a number with and without its prefix). */
  identifiers?: readonly string[] | undefined;
  /** Text that the name or the identifier contains. */
  q?: string | undefined;
  /** True: `q` is searched only in names. */
  nameOnly?: boolean;
}

type UserRow = Omit<User, "handedTo" | "arrivedAt"> & { channel: string };

const COLUMNS = `u.id, u.workspace_id AS "workspaceId", u.channel_id AS "channelId", u.identifier, u.name, u.profile, u.anonymous,
  u.unreachable_since AS "unreachableSince", u.unreachable_code AS "unreachableCode",
  u.unreachable_reason AS "unreachableReason", u.marketing_stopped_at AS "marketingStoppedAt",
  u.created_at AS "createdAt", u.updated_at AS "updatedAt", c.name AS channel`;
const FROM = "users u JOIN channels c ON c.id = u.channel_id";
const MATCHES = `u.workspace_id = $1 AND ($2::text IS NULL OR c.name = $2)
  AND ($3::text[] IS NULL OR u.identifier = ANY($3) OR EXISTS (SELECT 1 FROM user_aliases a
    WHERE a.channel_id = u.channel_id AND a.identifier = u.identifier AND a.alias = ANY($3)))
  AND ($4::text IS NULL OR strpos(lower(u.name), $4) > 0 OR NOT $5::boolean AND strpos(lower(u.identifier), $4) > 0)`;

export function createUserRepository(pool: Pool) {
  return {
    async list(workspaceId: string, filter: UserFilter, page: PageRequest): Promise<Slice<UserView>> {
      const { channel = null, identifiers = null, q, nameOnly = false } = filter;
      const matching = [workspaceId, channel, identifiers, q?.trim().toLowerCase() || null, nameOnly];
      const [found, total] = await Promise.all([
        pool.query<UserRow>(
          `SELECT ${COLUMNS} FROM ${FROM}
           WHERE ${MATCHES} AND ($6::timestamptz IS NULL OR (u.created_at, u.id) < ($6, $7))
           ORDER BY u.created_at DESC, u.id DESC LIMIT $8 OFFSET $9`,
          [...matching, page.after?.at ?? null, page.after?.id ?? null, page.limit + 1, page.offset],
        ),
        countRows(pool, FROM, MATCHES, matching),
      ]);
      const place = (user: UserView) => ({ at: user.createdAt, id: user.id });
      return toSlice(found.rows.map(toUser), page.limit, total, place);
    },

    async get(workspaceId: string, id: string): Promise<UserView | null> {
      const { rows } = await pool.query<UserRow>(
        `SELECT ${COLUMNS} FROM ${FROM} WHERE u.workspace_id = $1 AND u.id = $2`,
        [workspaceId, id],
      );
      return rows[0] ? toUser(rows[0]) : null;
    },

    /** Finds a user by an identifier on a channel; null if there is none. */
    async byIdentifier(channelId: string, identifier: string): Promise<UserView | null> {
      const { rows } = await pool.query<UserRow>(
        `SELECT ${COLUMNS} FROM ${FROM} WHERE u.channel_id = $1 AND u.identifier = $2`,
        [channelId, identifier],
      );
      return rows[0] ? toUser(rows[0]) : null;
    },
  };
}

function toUser({ unreachableSince: since, ...row }: UserRow): UserView {
  return {
    id: row.id,
    workspaceId: row.workspaceId,
    channel: row.channel,
    identifier: row.identifier,
    name: row.name,
    profile: jsonObject(row.profile),
    anonymous: row.anonymous,
    unreachable: since && {
      since,
      code: row.unreachableCode ?? "unreachable",
      reason: row.unreachableReason ?? "",
    },
    marketingStoppedAt: row.marketingStoppedAt,
    createdAt: row.createdAt,
    updatedAt: row.updatedAt,
  };
}
