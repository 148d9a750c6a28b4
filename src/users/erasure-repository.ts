import { createHash } from "node:crypto";
import type { Pool, PoolClient } from "pg";
import { newId } from "../core/ids.ts";
import { type PageRequest, type Slice, toSlice } from "../core/page.ts";
import { countRows } from "../storage/row-count.ts";
import { inTransaction } from "../storage/transaction.ts";

/** The caller who erases a person. */
export interface Eraser {
  keyId: string;
  /** Null if the key itself was sent. */
  consoleId: string | null;
}

/** The certificate of an erased person, without anything personal. */
export interface Erasure {
  id: string;
  workspaceId: string;
  /** SHA-256 of the user's id. The id is random, so it cannot be found from its hash. */
  userHash: string;
  actorId: string;
  actorName: string | null;
  consoleSessionId: string | null;
  /** Numbers of the erased rows, by table. */
  rows: Record<string, number>;
  createdAt: Date;
}

export interface ErasureFilter {
  /** Only erasures of the user with this id. */
  userId?: string | undefined;
  /** At this time or later. */
  since?: Date | undefined;
  /** Before this time. */
  until?: Date | undefined;
}

export type ErasureRepository = ReturnType<typeof createErasureRepository>;

const OF_SESSION = "x.session_id IN (SELECT id FROM s)";
/** A person may have been let in by another name of theirs. */
const OF_NAME = "(x.channel_id, x.identifier) IN (SELECT channel_id, name FROM n)";
const THEIR_NAMES = "(x.channel_id, x.identifier) IN (SELECT channel_id, identifier FROM u)";
const THEIR_RATING = `x.message_id IN (SELECT m.id FROM messages m WHERE m.session_id IN (SELECT id FROM s))
  OR x.id IN (SELECT r.id FROM message_ratings r JOIN u ON r.workspace_id = $1 AND r.rater = u.identifier
    JOIN messages m ON m.id = r.message_id JOIN sessions o ON o.id = m.session_id AND o.channel_id = u.channel_id)`;

const NAMES = `u AS (SELECT id, channel_id, identifier FROM users WHERE workspace_id = $1 AND id = $2),
  n AS (SELECT channel_id, identifier AS name FROM u
    UNION SELECT a.channel_id, a.alias FROM u JOIN user_aliases a ON a.channel_id = u.channel_id AND a.identifier = u.identifier)`;

/** Counts the rows of a user by table. Every table that is erased with users is here. */
const COUNT = `WITH ${NAMES},
  s AS (SELECT id FROM sessions WHERE workspace_id = $1 AND user_id = $2),
  r AS (SELECT x.id FROM access_requests x WHERE ${OF_NAME})
  SELECT jsonb_build_object(
    'users', (SELECT count(*) FROM users x WHERE x.id IN (SELECT id FROM u)),
    'user_aliases', (SELECT count(*) FROM user_aliases x WHERE ${THEIR_NAMES}),
    'participant_data', (SELECT count(*) FROM participant_data x WHERE x.user_id = $2),
    'sessions', (SELECT count(*) FROM sessions x WHERE x.id IN (SELECT id FROM s)),
    'session_reads', (SELECT count(*) FROM session_reads x WHERE ${OF_SESSION}),
    'messages', (SELECT count(*) FROM messages x WHERE ${OF_SESSION}),
    'message_ratings', (SELECT count(*) FROM message_ratings x WHERE ${THEIR_RATING}),
    'executions', (SELECT count(*) FROM executions x WHERE ${OF_SESSION}),
    'shadows', (SELECT count(*) FROM shadows x WHERE ${OF_SESSION}),
    'deliveries', (SELECT count(*) FROM deliveries x WHERE ${OF_SESSION} OR x.access_request_id IN (SELECT id FROM r)),
    'attachments', (SELECT count(*) FROM attachments x WHERE ${OF_SESSION}),
    'handoffs', (SELECT count(*) FROM handoffs x WHERE ${OF_SESSION}),
    'event_log', (SELECT count(*) FROM event_log x WHERE ${OF_SESSION}),
    'event_timers', (SELECT count(*) FROM event_timers x WHERE ${OF_SESSION}),
    'incidents', (SELECT count(*) FROM incidents x WHERE ${OF_SESSION}),
    'schedules', (SELECT count(*) FROM schedules x WHERE x.user_id = $2),
    'schedule_runs', (SELECT count(*) FROM schedule_runs x WHERE x.schedule_id IN (SELECT id FROM schedules WHERE user_id = $2)),
    'budget_claims', (SELECT count(*) FROM budget_claims x WHERE x.message_id IN (SELECT m.id FROM messages m WHERE m.session_id IN (SELECT id FROM s))),
    'socket_tokens', (SELECT count(*) FROM socket_tokens x WHERE ${OF_SESSION}),
    'access_requests', (SELECT count(*) FROM access_requests x WHERE ${OF_NAME}),
    'early_edits', (SELECT count(*) FROM early_edits x WHERE ${OF_NAME}),
    'access_grants', (SELECT count(*) FROM access_grants x WHERE ${OF_NAME})) AS rows`;

const LOCK_SESSIONS =
  "SELECT id FROM sessions WHERE workspace_id = $1 AND user_id = $2 ORDER BY id FOR UPDATE";

const CERTIFY = `INSERT INTO erasures (id, workspace_id, user_hash, actor_id, actor_name, console_session_id, rows)
  SELECT $1, $2, $3, $4, (SELECT name FROM api_keys WHERE id = $4), $5, $6`;

const MATCHES = `workspace_id = $1 AND ($2::text IS NULL OR user_hash = $2)
  AND ($3::timestamptz IS NULL OR created_at >= $3) AND ($4::timestamptz IS NULL OR created_at < $4)`;

const SELECT = `SELECT id, workspace_id AS "workspaceId", user_hash AS "userHash", actor_id AS "actorId",
  actor_name AS "actorName", console_session_id AS "consoleSessionId", rows, created_at AS "createdAt" FROM erasures`;

/** Erases people, and keeps a certificate of each. */
export function createErasureRepository(pool: Pool) {
  return {
    /**
     * Erases a user with their data and their sessions, including every message, execution and delivery. Only the ids
     * of platform events stay, so that a repeated webhook does not restore the user. The certificate is written in the
     * same commit.
     * @returns the erased sessions and the id of the certificate; null if there is no such user.
     */
    async erase(
      workspaceId: string,
      id: string,
      by: Eraser,
    ): Promise<{ sessionIds: string[]; erasureId: string } | null> {
      return inTransaction(pool, async (client) => {
        // Lock sessions before the user, in the order of all other statements. So a message that arrives now cannot
        // cause a deadlock.
        await client.query(LOCK_SESSIONS, [workspaceId, id]);
        // A session that is being opened refers to the user. So this waits for it, and no other one can be opened.
        await client.query("SELECT 1 FROM users WHERE workspace_id = $1 AND id = $2 FOR UPDATE", [
          workspaceId,
          id,
        ]);
        const { rows: sessions } = await client.query<{ id: string }>(LOCK_SESSIONS, [workspaceId, id]);
        const { rows: counted } = await client.query<{ rows: Record<string, number> }>(COUNT, [
          workspaceId,
          id,
        ]);
        await deleteBesides(client, workspaceId, id);
        const { rowCount } = await client.query("DELETE FROM users WHERE workspace_id = $1 AND id = $2", [
          workspaceId,
          id,
        ]);
        if (rowCount !== 1) return null;
        const erasureId = newId();
        const who = [erasureId, workspaceId, hashOf(id), by.keyId, by.consoleId];
        await client.query(CERTIFY, [...who, JSON.stringify(counted[0]?.rows ?? {})]);
        return { sessionIds: sessions.map((session) => session.id), erasureId };
      });
    },

    async get(workspaceId: string, id: string): Promise<Erasure | null> {
      const { rows } = await pool.query<Erasure>(`${SELECT} WHERE workspace_id = $1 AND id = $2`, [
        workspaceId,
        id,
      ]);
      return rows[0] ?? null;
    },

    async list(workspaceId: string, filter: ErasureFilter, page: PageRequest): Promise<Slice<Erasure>> {
      const { userId, since = null, until = null } = filter;
      const matching = [workspaceId, userId === undefined ? null : hashOf(userId), since, until];
      const [{ rows }, total] = await Promise.all([
        pool.query<Erasure>(
          `${SELECT} WHERE ${MATCHES} AND ($5::timestamptz IS NULL OR (created_at, id) < ($5, $6))
           ORDER BY created_at DESC, id DESC LIMIT $7 OFFSET $8`,
          [...matching, page.after?.at ?? null, page.after?.id ?? null, page.limit + 1, page.offset],
        ),
        countRows(pool, "erasures", MATCHES, matching),
      ]);
      return toSlice(rows, page.limit, total, ({ createdAt: at, id }) => ({ at, id }));
    },
  };
}

/** Deletes rows about the user that no foreign key ties to their own row. */
async function deleteBesides(client: PoolClient, workspaceId: string, id: string): Promise<void> {
  for (const table of ["access_requests", "access_grants", "early_edits"])
    await client.query(`WITH ${NAMES} DELETE FROM ${table} x WHERE ${OF_NAME}`, [workspaceId, id]);
  await client.query(`WITH ${NAMES} DELETE FROM user_aliases x WHERE ${THEIR_NAMES}`, [workspaceId, id]);
  // Also in conversations of others: a thread has several readers.
  await client.query(
    `DELETE FROM message_ratings r USING users u, messages m, sessions s
     WHERE u.workspace_id = $1 AND u.id = $2 AND r.workspace_id = $1 AND r.rater = u.identifier
       AND m.id = r.message_id AND s.id = m.session_id AND s.channel_id = u.channel_id`,
    [workspaceId, id],
  );
}

function hashOf(userId: string): string {
  return createHash("sha256").update(userId).digest("hex");
}
