import type { Pool, PoolClient } from "pg";
import { type PageRequest, type Slice, toSlice } from "../core/page.ts";
import type { InviteState } from "./decide-access.ts";
import { hashInvite } from "./invite-code.ts";
import type { Decider } from "./requests-repository.ts";

/** An invite without its code. */
export interface Invite {
  id: string;
  channel: string;
  /** Number of people whom it lets in, and how many came. */
  uses: number;
  used: number;
  createdBy: Decider;
  createdAt: Date;
  expiresAt: Date;
}

const SELECT = `SELECT i.id, c.name AS channel, i.uses, i.used, i.created_at AS "createdAt", i.expires_at AS "expiresAt",
  json_build_object('name', i.by_name, 'via', i.by_via) AS "createdBy"
  FROM access_invites i JOIN channels c ON c.id = i.channel_id`;

export type Invites = ReturnType<typeof createInvites>;

/** Stores invites. Callers pass codes, and only their hashes are stored. */
export function createInvites(pool: Pool) {
  return {
    /** A repeated call with the same id makes no second invite. It replaces the code, which no caller has received. */
    async create(invite: {
      id: string;
      workspaceId: string;
      channelId: string;
      code: string;
      uses: number;
      lifetimeMs: number;
      by: Decider;
    }): Promise<Invite> {
      await pool.query(
        `INSERT INTO access_invites (id, workspace_id, channel_id, hash, uses, by_name, by_via, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, now() + $8::bigint * interval '1 millisecond')
         ON CONFLICT (id) DO UPDATE SET hash = EXCLUDED.hash`,
        [
          invite.id,
          invite.workspaceId,
          invite.channelId,
          hashInvite(invite.code),
          invite.uses,
          invite.by.name,
          invite.by.via,
          invite.lifetimeMs,
        ],
      );
      const { rows } = await pool.query<Invite>(`${SELECT} WHERE i.id = $1`, [invite.id]);
      const [made] = rows;
      if (made === undefined) throw new Error("an inserted invite is missing");
      return made;
    },

    async list(workspaceId: string, page: PageRequest): Promise<Slice<Invite>> {
      const { rows } = await pool.query<Invite>(
        `${SELECT} WHERE i.workspace_id = $1 AND ($2::timestamptz IS NULL OR (i.created_at, i.id) < ($2, $3))
         ORDER BY i.created_at DESC, i.id DESC LIMIT $4 OFFSET $5`,
        [workspaceId, page.after?.at ?? null, page.after?.id ?? null, page.limit + 1, page.offset],
      );
      const { rows: counted } = await pool.query<{ total: number }>(
        "SELECT count(*)::int AS total FROM access_invites WHERE workspace_id = $1",
        [workspaceId],
      );
      const place = ({ createdAt: at, id }: Invite) => ({ at, id });
      return toSlice(rows, page.limit, counted[0]?.total ?? 0, place);
    },

    /** Takes an invite back. People whom it let in stay. False: there is none. */
    async remove(workspaceId: string, id: string): Promise<boolean> {
      const { rowCount } = await pool.query(
        "DELETE FROM access_invites WHERE workspace_id = $1 AND id = $2",
        [workspaceId, id],
      );
      return rowCount === 1;
    },
  };
}

/** The invite of a code on a channel, in a transaction that has locked the channel. */
export async function findInvite(
  client: PoolClient,
  channelId: string,
  code: string,
): Promise<{ id: string; state: InviteState; by: Decider } | null> {
  const { rows } = await client.query<{ id: string; state: InviteState; by: Decider }>(
    `SELECT id, json_build_object('name', by_name, 'via', by_via) AS by,
       CASE WHEN expires_at <= now() THEN 'expired' WHEN used >= uses THEN 'used_up' ELSE 'valid' END AS state
     FROM access_invites WHERE channel_id = $1 AND hash = $2`,
    [channelId, hashInvite(code)],
  );
  return rows[0] ?? null;
}

/** Counts a person whom an invite let in. */
export async function countUse(client: PoolClient, inviteId: string): Promise<void> {
  await client.query("UPDATE access_invites SET used = used + 1 WHERE id = $1", [inviteId]);
}

/** Deletes invites that have let nobody in for a month. */
export async function forgetInvites(pool: Pool): Promise<void> {
  await pool.query("DELETE FROM access_invites WHERE expires_at < now() - interval '30 days'");
}
