import type { Pool } from "pg";
import { newId } from "../core/ids.ts";

/** The identity of one POST request. Hashes are SHA-256 in hex. */
export interface RepeatableRequest {
  workspaceId: string;
  /** The operation, not the path. So a key that is reused on another path of the operation is detected as an error. */
  route: string;
  keyHash: string;
  requestHash: string;
}

export interface StoredAnswer {
  status: number;
  headers: Record<string, string>;
  /** Encrypted body; null if there is no body. */
  body: Buffer | null;
  resourceId: string;
}

/** Result of a claim. */
export type IdempotencyClaim =
  | { kind: "claimed"; resourceId: string }
  | { kind: "answered"; answer: StoredAnswer }
  /** Another call is processing the same request. */
  | { kind: "busy" }
  /** The key was used with a different request before. */
  | { kind: "reused" };

const KEPT_HOURS = 24;
const EXPIRED = `created_at < now() - interval '${KEPT_HOURS} hours'`;

/**
 * The first call inserts the row and owns it. If the owner released it or died, the next call gets the row with its
 * resource id. So an existing resource is found instead of created again. A call also gets a row that it claimed itself
 * but whose answer was lost.
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
    AND (k.claimed_until IS NULL OR k.claimed_until < now() OR k.claimed_by = EXCLUDED.claimed_by))
  RETURNING resource_id`;

const FIND = `SELECT request_hash, status, headers, body, resource_id FROM idempotency_keys
  WHERE workspace_id = $1 AND route = $2 AND key_hash = $3`;

const OWN = "workspace_id = $1 AND route = $2 AND key_hash = $3 AND claimed_by = $4";

export type IdempotencyRepository = ReturnType<typeof createIdempotencyRepository>;

/**
 * The rows that make it safe to repeat a POST. It does not use Prisma, because each step is one conditional statement.
 */
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

    /** Extends the claim while the owner still works. */
    async renew(request: RepeatableRequest, claimId: string, claimMs: number): Promise<void> {
      await pool.query(
        `UPDATE idempotency_keys SET claimed_until = now() + $5::int * interval '1 millisecond' WHERE ${OWN}`,
        [...keyOf(request), claimId, claimMs],
      );
    },

    /** Stores the answer for every repetition. */
    async answer(request: RepeatableRequest, claimId: string, answer: StoredAnswer): Promise<void> {
      await pool.query(
        `UPDATE idempotency_keys SET status = $5, headers = $6, body = $7, claimed_by = NULL, claimed_until = NULL
         WHERE ${OWN}`,
        [...keyOf(request), claimId, answer.status, JSON.stringify(answer.headers), answer.body],
      );
    },

    /**
     * Releases the claim without an answer. The next repetition processes the request again with the same resource id.
     */
    async release(request: RepeatableRequest, claimId: string): Promise<void> {
      await pool.query(`UPDATE idempotency_keys SET claimed_by = NULL, claimed_until = NULL WHERE ${OWN}`, [
        ...keyOf(request),
        claimId,
      ]);
    },

    /** Deletes expired rows, and returns their number. */
    async sweep(): Promise<number> {
      const { rowCount } = await pool.query(`DELETE FROM idempotency_keys WHERE ${EXPIRED}`);
      return rowCount ?? 0;
    },
  };
}
