import type { Pool } from "pg";
import { newId } from "../core/ids.ts";

/** One POST as it is told apart from others. Hashes are SHA-256, hex. */
export interface RepeatableRequest {
  workspaceId: string;
  /** The operation, not the path: a key that comes back on another path of the operation is a mistake. */
  route: string;
  keyHash: string;
  requestHash: string;
}

export interface StoredAnswer {
  status: number;
  headers: Record<string, string>;
  /** Sealed; null: no body. */
  body: Buffer | null;
  resourceId: string;
}

/** What claiming a request found. */
export type IdempotencyClaim =
  | { kind: "claimed"; resourceId: string }
  | { kind: "answered"; answer: StoredAnswer }
  /** Another call is carrying the same request out. */
  | { kind: "busy" }
  /** The key came with another request before. */
  | { kind: "reused" };

const KEPT_HOURS = 24;
const EXPIRED = `created_at < now() - interval '${KEPT_HOURS} hours'`;

/**
 * The first call makes the row and owns it. A row whose owner gave it back, or died, goes to the next call together with
 * the resource id, so that what was made already is found instead of made again.
 */
const CLAIM = `
  INSERT INTO idempotency_keys AS k
    (workspace_id, route, key_hash, request_hash, resource_id, claimed_by, claimed_until)
  VALUES ($1, $2, $3, $4, $5, $6, now() + $7::int * interval '1 millisecond')
  ON CONFLICT (workspace_id, route, key_hash) DO UPDATE SET
    request_hash = EXCLUDED.request_hash, claimed_by = EXCLUDED.claimed_by, claimed_until = EXCLUDED.claimed_until,
    resource_id = CASE WHEN k.${EXPIRED} THEN EXCLUDED.resource_id ELSE k.resource_id END,
    created_at = CASE WHEN k.${EXPIRED} THEN now() ELSE k.created_at END,
    status = NULL, headers = NULL, body = NULL
  WHERE k.${EXPIRED} OR (k.status IS NULL AND k.request_hash = EXCLUDED.request_hash
    AND (k.claimed_until IS NULL OR k.claimed_until < now()))
  RETURNING resource_id`;

const FIND = `SELECT request_hash, status, headers, body, resource_id FROM idempotency_keys
  WHERE workspace_id = $1 AND route = $2 AND key_hash = $3`;

const OWN = "workspace_id = $1 AND route = $2 AND key_hash = $3 AND claimed_by = $4";

export type IdempotencyRepository = ReturnType<typeof createIdempotencyRepository>;

/** The rows that make repeating a POST harmless. Not Prisma: each step is one conditional statement. */
export function createIdempotencyRepository(pool: Pool) {
  const keyOf = (request: RepeatableRequest) => [request.workspaceId, request.route, request.keyHash];
  return {
    async claim(request: RepeatableRequest, claimId: string, claimMs: number): Promise<IdempotencyClaim> {
      const { rows: claimed } = await pool.query<{ resource_id: string }>(CLAIM, [
        ...keyOf(request),
        request.requestHash,
        newId(),
        claimId,
        claimMs,
      ]);
      if (claimed[0]) return { kind: "claimed", resourceId: claimed[0].resource_id };
      const { rows } = await pool.query<{
        request_hash: string;
        status: number | null;
        headers: Record<string, string> | null;
        body: Buffer | null;
        resource_id: string;
      }>(FIND, keyOf(request));
      const row = rows[0];
      if (!row) return { kind: "busy" };
      if (row.request_hash !== request.requestHash) return { kind: "reused" };
      if (row.status === null) return { kind: "busy" };
      const { status, headers, body, resource_id: resourceId } = row;
      return { kind: "answered", answer: { status, headers: headers ?? {}, body, resourceId } };
    },

    /** The owner is still at it. */
    async renew(request: RepeatableRequest, claimId: string, claimMs: number): Promise<void> {
      await pool.query(
        `UPDATE idempotency_keys SET claimed_until = now() + $5::int * interval '1 millisecond' WHERE ${OWN}`,
        [...keyOf(request), claimId, claimMs],
      );
    },

    /** Keeps the answer for every repetition. */
    async answer(request: RepeatableRequest, claimId: string, answer: StoredAnswer): Promise<void> {
      await pool.query(
        `UPDATE idempotency_keys SET status = $5, headers = $6, body = $7, claimed_by = NULL, claimed_until = NULL
         WHERE ${OWN}`,
        [...keyOf(request), claimId, answer.status, JSON.stringify(answer.headers), answer.body],
      );
    },

    /** No answer to keep: the next repetition carries the request out again, under the same resource id. */
    async giveBack(request: RepeatableRequest, claimId: string): Promise<void> {
      await pool.query(`UPDATE idempotency_keys SET claimed_by = NULL, claimed_until = NULL WHERE ${OWN}`, [
        ...keyOf(request),
        claimId,
      ]);
    },

    /** Removes what is too old to count; returns how many rows. */
    async sweep(): Promise<number> {
      const { rowCount } = await pool.query(`DELETE FROM idempotency_keys WHERE ${EXPIRED}`);
      return rowCount ?? 0;
    },
  };
}
