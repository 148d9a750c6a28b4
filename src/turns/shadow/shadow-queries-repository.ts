import type { Pool } from "pg";
import { type PageRequest, type Slice, toSlice } from "../../core/page.ts";
import { countRows } from "../../storage/row-count.ts";
import { type RecordedTurn, recordedTurnsOf } from "../replay/recorded-turns-repository.ts";

export const SHADOW_STATUSES = ["waiting", "running", "answered", "failed", "skipped"] as const;
export type ShadowStatus = (typeof SHADOW_STATUSES)[number];

/** A turn with the answer that was given, and the one of another agent. */
export interface ShadowView {
  id: string;
  sessionId: string;
  executionId: string;
  agentId: string;
  candidateId: string;
  candidateVersion: number | null;
  status: ShadowStatus;
  replies: string[] | null;
  tools: string[] | null;
  totalTokens: number | null;
  seconds: number | null;
  errorCode: string | null;
  createdAt: Date;
  endedAt: Date | null;
  /** Null: the turn is no longer there as it was. */
  recorded: RecordedTurn | null;
}

export interface ShadowFilters {
  sessionId?: string | undefined;
  agentId?: string | undefined;
  candidateId?: string | undefined;
  status?: ShadowStatus | undefined;
}

const COLUMNS = `x.id, x.session_id AS "sessionId", x.execution_id AS "executionId", x.agent_id AS "agentId",
  x.candidate_id AS "candidateId", x.candidate_version AS "candidateVersion", x.status, x.replies, x.tools,
  x.total_tokens AS "totalTokens", x.seconds, x.error_code AS "errorCode", x.created_at AS "createdAt",
  x.ended_at AS "endedAt"`;
const MATCHES = `x.workspace_id = $1 AND ($2::text IS NULL OR x.session_id = $2) AND ($3::text IS NULL OR x.agent_id = $3)
  AND ($4::text IS NULL OR x.candidate_id = $4) AND ($5::text IS NULL OR x.status = $5)`;

export type ShadowQueries = ReturnType<typeof createShadowQueries>;

/** Turns that another agent answered, too, as operators compare them. */
export function createShadowQueries(pool: Pool) {
  return {
    /** Newest first. */
    async list(workspaceId: string, filters: ShadowFilters, page: PageRequest): Promise<Slice<ShadowView>> {
      const { sessionId = null, agentId = null, candidateId = null, status = null } = filters;
      const matching = [workspaceId, sessionId, agentId, candidateId, status];
      const [total, { rows }] = await Promise.all([
        countRows(pool, "shadows x", MATCHES, matching),
        pool.query<Omit<ShadowView, "recorded">>(
          `SELECT ${COLUMNS} FROM shadows x
           WHERE ${MATCHES} AND ($6::timestamptz IS NULL OR (x.created_at, x.id) < ($6, $7))
           ORDER BY x.created_at DESC, x.id DESC LIMIT $8 OFFSET $9`,
          [...matching, page.after?.at ?? null, page.after?.id ?? null, page.limit + 1, page.offset],
        ),
      ]);
      const slice = toSlice(rows, page.limit, total, ({ createdAt: at, id }) => ({ at, id }));
      const turns = await recordedTurnsOf(
        pool,
        slice.rows.map(({ executionId }) => executionId),
      );
      const withTurn = (row: Omit<ShadowView, "recorded">) => ({
        ...row,
        recorded: turns.get(row.executionId) ?? null,
      });
      return { ...slice, rows: slice.rows.map(withTurn) };
    },
  };
}
