import type { Pool } from "pg";
import { type PageRequest, type Slice, toSlice } from "../../core/page.ts";
import type { LogEntry } from "../../core/session/turn-log.ts";
import { WAS_ASKED_AGAIN } from "../../sessions/session-search-repository.ts";
import { countRows } from "../../storage/row-count.ts";

export type ExecutionStatus = "pending" | "running" | "completed" | "failed" | "cancelled";

/** A turn as the API shows it. */
export interface ExecutionView {
  id: string;
  workspaceId: string;
  sessionId: string;
  /** The seq of the message that it answers. Turns of a session run in this order. */
  seq: number;
  agentId: string;
  agentVersion: number;
  /** The channel's name. */
  channel: string;
  userId: string | null;
  userMessageId: string | null;
  status: ExecutionStatus;
  attempts: number;
  errorCode: string | null;
  error: string | null;
  mergedInto: string | null;
  /** The later execution of the same message. */
  retriedAs: string | null;
  cancelRequestedAt: Date | null;
  promptTokens: number | null;
  completionTokens: number | null;
  totalTokens: number | null;
  finishReason: "stop" | "length" | null;
  createdAt: Date;
  startedAt: Date | null;
  endedAt: Date | null;
}

export interface ExecutionFilters {
  sessionId?: string | undefined;
  agentId?: string | undefined;
  /** By name. */
  channel?: string | undefined;
  status?: ExecutionStatus | undefined;
  /** True: the message has a later execution. */
  retried?: boolean | undefined;
}

const COLUMNS = `e.id, e.workspace_id AS "workspaceId", e.session_id AS "sessionId", e.seq, s.agent_id AS "agentId",
  coalesce(e.agent_version, s.agent_version) AS "agentVersion", c.name AS channel, s.user_id AS "userId", e.user_message_id AS "userMessageId",
  e.status, e.attempts, e.error_code AS "errorCode", e.error, e.merged_into AS "mergedInto",
  (SELECT m.execution_id FROM messages m WHERE m.id = e.user_message_id AND m.execution_id <> e.id) AS "retriedAs",
  e.cancel_requested_at AS "cancelRequestedAt", e.prompt_tokens AS "promptTokens",
  e.completion_tokens AS "completionTokens", e.total_tokens AS "totalTokens",
  e.finish_reason AS "finishReason", e.created_at AS "createdAt",
  e.started_at AS "startedAt", e.ended_at AS "endedAt"`;
const FROM = "executions e JOIN sessions s ON s.id = e.session_id JOIN channels c ON c.id = s.channel_id";

export type ExecutionQueries = ReturnType<typeof createExecutionQueriesRepository>;

/** Executions as the API reads them. Raw SQL, because keyset pages need it for the join. */
export function createExecutionQueriesRepository(pool: Pool) {
  return {
    /** Null if the workspace has no such execution. */
    async find(workspaceId: string, id: string): Promise<ExecutionView | null> {
      const { rows } = await pool.query<ExecutionView>(
        `SELECT ${COLUMNS} FROM ${FROM} WHERE e.workspace_id = $1 AND e.id = $2`,
        [workspaceId, id],
      );
      return rows[0] ?? null;
    },

    /** The stored stream of an execution; null until it has ended. */
    async log(id: string): Promise<LogEntry[] | null> {
      const { rows } = await pool.query<{ log: LogEntry[] | null }>(
        "SELECT log FROM executions WHERE id = $1",
        [id],
      );
      return rows[0]?.log ?? null;
    },

    /** The end of an execution. `kept`: its stream is stored, up to its terminal event. Null: there is none. */
    async ending(id: string): Promise<{ kept: boolean; code: string | null; reason: string | null } | null> {
      const { rows } = await pool.query<{ kept: boolean; code: string | null; reason: string | null }>(
        `SELECT coalesce(m.log, e.log) IS NOT NULL AS kept, e.error_code AS code, e.error AS reason
         FROM executions e LEFT JOIN executions m ON m.id = e.merged_into WHERE e.id = $1`,
        [id],
      );
      return rows[0] ?? null;
    },

    /** Newest first. */
    async list(
      workspaceId: string,
      filters: ExecutionFilters,
      page: PageRequest,
    ): Promise<Slice<ExecutionView>> {
      const values: unknown[] = [workspaceId];
      const bind = (value: unknown) => `$${values.push(value)}`;
      const own = ["e.workspace_id = $1"];
      if (filters.sessionId !== undefined) own.push(`e.session_id = ${bind(filters.sessionId)}`);
      if (filters.status !== undefined) own.push(`e.status = ${bind(filters.status)}`);
      if (filters.retried !== undefined) own.push(`${filters.retried ? "" : "NOT "}${WAS_ASKED_AGAIN}`);
      const joined: string[] = [];
      if (filters.agentId !== undefined) joined.push(`s.agent_id = ${bind(filters.agentId)}`);
      if (filters.channel !== undefined) joined.push(`c.name = ${bind(filters.channel)}`);
      const where = [...own, ...joined].join(" AND ");
      // Counting without the joins is cheaper.
      const counting =
        joined.length === 0
          ? countRows(pool, "executions e", own.join(" AND "), [...values])
          : countRows(pool, FROM, where, [...values]);
      const behind = page.after
        ? ` AND (e.created_at, e.id) < (${bind(page.after.at)}::timestamptz, ${bind(page.after.id)}::text)`
        : "";
      const [total, { rows }] = await Promise.all([
        counting,
        pool.query<ExecutionView>(
          `SELECT ${COLUMNS} FROM ${FROM} WHERE ${where}${behind}
           ORDER BY e.created_at DESC, e.id DESC LIMIT ${bind(page.limit + 1)} OFFSET ${bind(page.offset)}`,
          values,
        ),
      ]);
      return toSlice(rows, page.limit, total, (row) => ({ at: row.createdAt, id: row.id }));
    },

    /** Unfinished executions of a session, oldest first. */
    async open(sessionId: string): Promise<string[]> {
      const { rows } = await pool.query<{ id: string }>(
        "SELECT id FROM executions WHERE session_id = $1 AND status IN ('pending', 'running') ORDER BY seq",
        [sessionId],
      );
      return rows.map((row) => row.id);
    },

    /** The last execution of a session that began; null if none did. */
    async lastBegun(sessionId: string): Promise<string | null> {
      const { rows } = await pool.query<{ id: string }>(
        "SELECT id FROM executions WHERE session_id = $1 AND started_at IS NOT NULL ORDER BY seq DESC LIMIT 1",
        [sessionId],
      );
      return rows[0]?.id ?? null;
    },

    /** Executions of a session after a given one, oldest first. */
    async behind(executionId: string): Promise<string[]> {
      const { rows } = await pool.query<{ id: string }>(
        `SELECT later.id FROM executions e JOIN executions later ON later.session_id = e.session_id AND later.seq > e.seq
         WHERE e.id = $1 ORDER BY later.seq LIMIT 100`,
        [executionId],
      );
      return rows.map((row) => row.id);
    },
  };
}
