import type { Pool, PoolClient } from "pg";
import { type PageRequest, type Slice, toSlice } from "../core/page.ts";
import type { Database } from "../storage/database.ts";
import type { Prisma } from "../storage/generated/client.ts";
import { behind, newestFirst, placeOf } from "../storage/newest-first.ts";
import type { Decider, InviteState } from "./decide-access.ts";
import { hashInvite } from "./invite-code.ts";

/** An invite without its code. */
export type Invite = Prisma.AccessInviteGetPayload<typeof INVITE>;

const INVITE = {
  omit: { hash: true },
  include: { channel: { select: { name: true } } },
} satisfies Prisma.AccessInviteDefaultArgs;

export type Invites = ReturnType<typeof createInvites>;

/** Stores invites. Callers pass codes, and only their hashes are stored. */
export function createInvites({ pool, prisma }: Pick<Database, "pool" | "prisma">) {
  return {
    /**
     * A repeated call with the same id makes no second invite. It replaces the code, which no caller has received.
     * SQL, because the database's clock decides when an invite ends.
     */
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
      return prisma.accessInvite.findUniqueOrThrow({ where: { id: invite.id }, ...INVITE });
    },

    async list(workspaceId: string, page: PageRequest): Promise<Slice<Invite>> {
      const where = { workspaceId, ...behind(page.after) };
      const [rows, total] = await Promise.all([
        prisma.accessInvite.findMany({ where, ...newestFirst(page), ...INVITE }),
        prisma.accessInvite.count({ where: { workspaceId } }),
      ]);
      return toSlice(rows, page.limit, total, placeOf);
    },

    /** Takes an invite back. People whom it let in stay. False: there is none. */
    async remove(workspaceId: string, id: string): Promise<boolean> {
      const { count } = await prisma.accessInvite.deleteMany({ where: { id, workspaceId } });
      return count === 1;
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
