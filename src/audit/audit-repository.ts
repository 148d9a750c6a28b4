import type { Pool } from "pg";
import { newId } from "../core/ids.ts";
import { type PageRequest, type Slice, toSlice } from "../core/page.ts";
import type { JsonObject } from "../core/text/json.ts";
import { countRows } from "../storage/row-count.ts";

/** A change that somebody made over the API, or at the console. */
export interface NewAuditEntry {
  workspaceId: string;
  /** The API key that was sent, or that the console session came from. */
  actorId: string;
  consoleSessionId: string | null;
  address: string;
  method: string;
  /** The operation's id in the API's description. */
  operation: string;
  /** The path as called, without its query. */
  path: string;
  /** Ids of the things that changed. */
  targets: readonly string[];
  /** Names of the fields that the request set. */
  fields: readonly string[];
  before: JsonObject | null;
  after: JsonObject | null;
  requestId: string;
}

export interface AuditEntry extends NewAuditEntry {
  id: string;
  actorName: string | null;
  createdAt: Date;
}

export interface AuditFilter {
  /** At this time or later. */
  since?: Date | undefined;
  /** Before this time. */
  until?: Date | undefined;
  /** The id of a key or of a console session, or the name of a key. */
  actor?: string | undefined;
  operation?: string | undefined;
}

export type AuditLog = ReturnType<typeof createAuditRepository>;

/** The subquery finds no name for a key that revoked itself. */
const RECORD = `
  INSERT INTO audit_log (id, workspace_id, actor_id, actor_name, console_session_id, address, method, operation, path,
    targets, fields, before, after, request_id)
  SELECT $1, $2, $3, (SELECT name FROM api_keys WHERE id = $3), $4, $5, $6, $7, $8, $9, $10, $11, $12, $13`;

const MATCHES = `workspace_id = $1 AND ($2::timestamptz IS NULL OR created_at >= $2)
  AND ($3::timestamptz IS NULL OR created_at < $3) AND ($4::text IS NULL OR operation = $4)
  AND ($5::text IS NULL OR $5 IN (actor_id, console_session_id, actor_name))`;

const SELECT = `SELECT id, workspace_id AS "workspaceId", actor_id AS "actorId", actor_name AS "actorName",
  console_session_id AS "consoleSessionId", address, method, operation, path, targets, fields, before, after,
  request_id AS "requestId", created_at AS "createdAt" FROM audit_log`;

/** Maximum rows that one sweep deletes, so that no transaction is long. The next sweep continues. */
const SWEPT_AT_ONCE = 5_000;

const SWEEP = `
  WITH old AS (SELECT id FROM audit_log WHERE created_at < now() - $1::int * interval '1 day'
    ORDER BY created_at LIMIT ${SWEPT_AT_ONCE} FOR UPDATE SKIP LOCKED)
  DELETE FROM audit_log a USING old WHERE a.id = old.id`;

/** The log of changes. Rows are only added, and deleted when they are old. */
export function createAuditRepository(pool: Pool) {
  return {
    async record(entry: NewAuditEntry): Promise<void> {
      const { workspaceId, actorId, consoleSessionId, address, method, operation, path } = entry;
      const { targets, fields, before, after, requestId } = entry;
      const [was, is] = [before, after].map((state) => (state === null ? null : JSON.stringify(state)));
      const who = [newId(), workspaceId, actorId, consoleSessionId, address];
      await pool.query(RECORD, [...who, method, operation, path, targets, fields, was, is, requestId]);
    },

    async list(workspaceId: string, filter: AuditFilter, page: PageRequest): Promise<Slice<AuditEntry>> {
      const matching = [workspaceId, filter.since, filter.until, filter.operation, filter.actor].map(
        (value) => value ?? null,
      );
      const [{ rows }, total] = await Promise.all([
        pool.query<AuditEntry>(
          `${SELECT} WHERE ${MATCHES} AND ($6::timestamptz IS NULL OR (created_at, id) < ($6, $7))
           ORDER BY created_at DESC, id DESC LIMIT $8 OFFSET $9`,
          [...matching, page.after?.at ?? null, page.after?.id ?? null, page.limit + 1, page.offset],
        ),
        countRows(pool, "audit_log", MATCHES, matching),
      ]);
      return toSlice(rows, page.limit, total, ({ createdAt: at, id }) => ({ at, id }));
    },

    /** The changes of a user, and of their sessions that are still there. The oldest first. */
    async about(workspaceId: string, userId: string): Promise<AuditEntry[]> {
      const { rows } = await pool.query<AuditEntry>(
        `${SELECT} WHERE workspace_id = $1
           AND targets && (ARRAY[$2] || ARRAY(SELECT s.id FROM sessions s WHERE s.workspace_id = $1 AND s.user_id = $2))
         ORDER BY created_at, id`,
        [workspaceId, userId],
      );
      return rows;
    },

    /** Deletes rows older than so many days, the oldest first. Any number of processes may run it at once. */
    async sweep(keepDays: number): Promise<number> {
      const { rowCount } = await pool.query(SWEEP, [keepDays]);
      return rowCount ?? 0;
    },
  };
}
