import type { Pool } from "pg";
import type { JsonObject } from "../core/json.ts";
import { type PageRequest, type Slice, toSlice } from "../core/page.ts";
import type { Unreachable } from "../core/reachability.ts";
import { countRows } from "../storage/row-count.ts";
import { inTransaction } from "../storage/transaction.ts";

/** Somebody who chats on one channel. */
export interface UserView {
  id: string;
  workspaceId: string;
  channel: string;
  identifier: string;
  name: string | null;
  profile: JsonObject;
  anonymous: boolean;
  /** What a platform said when nothing arrived any more; null: it said no such thing, or they have written since. */
  unreachable: (Unreachable & { since: Date }) | null;
  createdAt: Date;
  updatedAt: Date;
}

export interface UserFilter {
  channel?: string | undefined;
  identifier?: string | undefined;
}

interface UserRow {
  id: string;
  workspace_id: string;
  channel: string;
  identifier: string;
  name: string | null;
  profile: JsonObject;
  anonymous: boolean;
  unreachable_since: Date | null;
  unreachable_code: string | null;
  unreachable_reason: string | null;
  created_at: Date;
  updated_at: Date;
}

const COLUMNS = `u.id, u.workspace_id, c.name AS channel, u.identifier, u.name, u.profile, u.anonymous, u.unreachable_since,
  u.unreachable_code, u.unreachable_reason, u.created_at, u.updated_at`;
const FROM = "users u JOIN channels c ON c.id = u.channel_id";
const MATCHES = `u.workspace_id = $1 AND ($2::text IS NULL OR c.name = $2)
  AND ($3::text IS NULL OR u.identifier = $3)`;

/** Users as rows. */
export function createUserRepository(pool: Pool) {
  return {
    async list(workspaceId: string, filter: UserFilter, page: PageRequest): Promise<Slice<UserView>> {
      const matching = [workspaceId, filter.channel ?? null, filter.identifier ?? null];
      const [found, total] = await Promise.all([
        pool.query<UserRow>(
          `SELECT ${COLUMNS} FROM ${FROM}
           WHERE ${MATCHES} AND ($4::timestamptz IS NULL OR (u.created_at, u.id) < ($4, $5))
           ORDER BY u.created_at DESC, u.id DESC LIMIT $6 OFFSET $7`,
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

    /** Who that is on a channel; null where nobody is known by that name there. */
    async byIdentifier(channelId: string, identifier: string): Promise<UserView | null> {
      const { rows } = await pool.query<UserRow>(
        `SELECT ${COLUMNS} FROM ${FROM} WHERE u.channel_id = $1 AND u.identifier = $2`,
        [channelId, identifier],
      );
      return rows[0] ? toUser(rows[0]) : null;
    },

    /**
     * Erases a person: the user, what is kept of them, their sessions with every message, execution and delivery. What
     * remains is the bare ids of platform events, so that a repeated webhook does not bring them back.
     * @returns the sessions that went with them; null where there is no such user.
     */
    async erase(workspaceId: string, id: string): Promise<{ sessionIds: string[] } | null> {
      return inTransaction(pool, async (client) => {
        // Sessions before the user, in the order everybody locks them: a message that arrives now cannot deadlock.
        const { rows } = await client.query<{ id: string }>(
          "SELECT id FROM sessions WHERE workspace_id = $1 AND user_id = $2 ORDER BY id FOR UPDATE",
          [workspaceId, id],
        );
        await client.query(
          `DELETE FROM user_aliases a USING users u WHERE u.workspace_id = $1 AND u.id = $2
             AND a.channel_id = u.channel_id AND a.identifier = u.identifier`,
          [workspaceId, id],
        );
        const { rowCount } = await client.query("DELETE FROM users WHERE workspace_id = $1 AND id = $2", [
          workspaceId,
          id,
        ]);
        return rowCount === 1 ? { sessionIds: rows.map((session) => session.id) } : null;
      });
    },
  };
}

function toUser(row: UserRow): UserView {
  return {
    id: row.id,
    workspaceId: row.workspace_id,
    channel: row.channel,
    identifier: row.identifier,
    name: row.name,
    profile: row.profile,
    anonymous: row.anonymous,
    unreachable:
      row.unreachable_since === null
        ? null
        : {
            since: row.unreachable_since,
            code: row.unreachable_code ?? "unreachable",
            reason: row.unreachable_reason ?? "",
          },
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}
