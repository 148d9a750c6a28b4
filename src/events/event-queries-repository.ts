import type { Pool } from "pg";
import { type PageRequest, type Slice, toSlice } from "../core/page.ts";
import type { Json, JsonObject } from "../core/text/json.ts";

/** A firing as operators see it. */
export interface EventView {
  id: string;
  sessionId: string;
  agentId: string;
  agentVersion: number;
  rule: number;
  event: string;
  data: JsonObject;
  status: "pending" | "running" | "completed" | "skipped" | "failed" | "unreachable";
  reason: string | null;
  attempts: number;
  results: Json[];
  nextAttemptAt: Date | null;
  createdAt: Date;
  endedAt: Date | null;
  ordinal: string;
}

export type EventQueries = ReturnType<typeof createEventQueries>;

/** The event log of a session, in order of occurrence. */
export function createEventQueries(pool: Pool) {
  return {
    async ofSession(sessionId: string, page: PageRequest): Promise<Slice<EventView>> {
      // Positions in this list are ordinals, because all firings of one transaction have the same time.
      const after = page.after && /^\d{1,18}$/.test(page.after.id) ? page.after.id : null;
      const [found, counted] = await Promise.all([
        pool.query<EventView>(
          `SELECT id, session_id AS "sessionId", agent_id AS "agentId", agent_version AS "agentVersion", rule, event, data,
             status, reason, attempts, results, ordinal::text, created_at AS "createdAt", ended_at AS "endedAt",
             CASE WHEN status = 'pending' THEN next_attempt_at END AS "nextAttemptAt"
           FROM event_log WHERE session_id = $1 AND ($2::bigint IS NULL OR ordinal > $2)
           ORDER BY ordinal LIMIT $3 OFFSET $4`,
          [sessionId, after, page.limit + 1, page.offset],
        ),
        pool.query<{ total: number }>("SELECT count(*)::int AS total FROM event_log WHERE session_id = $1", [
          sessionId,
        ]),
      ]);
      return toSlice(found.rows, page.limit, counted.rows[0]?.total ?? 0, ({ createdAt, ordinal }) => ({
        at: createdAt,
        id: ordinal,
      }));
    },
  };
}
