import type { Pool } from "pg";
import { type PageRequest, type Slice, toSlice } from "../core/page.ts";
import { inTransaction } from "../storage/transaction.ts";

/** Work of the service that it gave up: a firing of an event rule, or a run of a schedule. */
export interface Failure {
  id: string;
  kind: "event" | "schedule";
  /** The event of the rule, or the schedule's name or first words. */
  what: string;
  reason: string | null;
  attempts: number;
  channel: string;
  agentId: string;
  user: { id: string; identifier: string; name: string | null } | null;
  sessionId: string | null;
  scheduleId: string | null;
  failedAt: Date;
}

export interface FailureFilter {
  kind?: Failure["kind"] | undefined;
  /** By name. */
  channel?: string | undefined;
}

/** Each part follows a partial index of failed rows, of which there are few. */
const FAILED = `
  SELECT l.id, 'event' AS kind, l.event AS what, l.reason, l.attempts, s.channel_id, l.agent_id, s.user_id,
    l.session_id, NULL AS schedule_id, coalesce(l.ended_at, l.created_at) AS failed_at
  FROM event_log l JOIN sessions s ON s.id = l.session_id
  WHERE l.status = 'failed' AND l.workspace_id = $1
  UNION ALL
  SELECT r.id, 'schedule', coalesce(d.name, left(coalesce(d.text, d.prompt), 200)), r.reason, r.attempts, d.channel_id,
    d.agent_id, d.user_id, r.session_id, d.id, r.due_at
  FROM schedule_runs r JOIN schedules d ON d.id = r.schedule_id
  WHERE r.status = 'failed' AND d.workspace_id = $1`;

const MATCHING = `FROM (${FAILED}) f JOIN channels c ON c.id = f.channel_id LEFT JOIN users u ON u.id = f.user_id
  WHERE ($2::text IS NULL OR f.kind = $2) AND ($3::text IS NULL OR c.name = $3)`;

const LIST = `SELECT f.id, f.kind, f.what, f.reason, f.attempts, c.name AS channel, f.agent_id AS "agentId",
    CASE WHEN u.id IS NOT NULL THEN jsonb_build_object('id', u.id, 'identifier', u.identifier, 'name', u.name) END AS user,
    f.session_id AS "sessionId", f.schedule_id AS "scheduleId", f.failed_at AS "failedAt"
  ${MATCHING} AND ($4::timestamptz IS NULL OR (f.failed_at, f.id) < ($4, $5))
  ORDER BY f.failed_at DESC, f.id DESC LIMIT $6 OFFSET $7`;

/**
 * The number of attempts stays, so that a late write of an earlier attempt matches nothing. So a retry is one more
 * attempt. Actions of a rule that are done already are not repeated.
 */
const RETRY_FIRING = `UPDATE event_log
  SET status = 'pending', reason = NULL, ended_at = NULL, claimed_by = NULL, next_attempt_at = now()
  WHERE workspace_id = $1 AND id = $2 AND status = 'failed'`;
const RETRY_RUN = `UPDATE schedule_runs r
  SET status = 'pending', reason = NULL, claimed_by = NULL, next_attempt_at = now()
  FROM schedules d WHERE d.id = r.schedule_id AND d.workspace_id = $1 AND r.id = $2 AND r.status = 'failed'`;

export type Failures = ReturnType<typeof createFailureRepository>;

/** Work that failed for good, for operators. It does not use Prisma, because one list reads two tables. */
export function createFailureRepository(pool: Pool) {
  return {
    /** Newest first. */
    async list(workspaceId: string, filter: FailureFilter, page: PageRequest): Promise<Slice<Failure>> {
      const matching = [workspaceId, filter.kind ?? null, filter.channel ?? null];
      const { limit, offset, after } = page;
      const [found, counted] = await Promise.all([
        pool.query<Failure>(LIST, [...matching, after?.at ?? null, after?.id ?? null, limit + 1, offset]),
        pool.query<{ total: number }>(`SELECT count(*)::int AS total ${MATCHING}`, matching),
      ]);
      const total = counted.rows[0]?.total ?? 0;
      return toSlice(found.rows, limit, total, ({ failedAt: at, id }) => ({ at, id }));
    },

    /** Makes failed work due again. False: there is none with this id. */
    retry(workspaceId: string, id: string): Promise<boolean> {
      return inTransaction(pool, async (client) => {
        const firing = await client.query(RETRY_FIRING, [workspaceId, id]);
        if (firing.rowCount === 1) return true;
        return (await client.query(RETRY_RUN, [workspaceId, id])).rowCount === 1;
      });
    },
  };
}
