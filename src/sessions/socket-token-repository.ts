import { createHash, randomBytes } from "node:crypto";
import type { Pool } from "pg";

/** The session and the API key that a socket token belongs to. */
export interface SocketHolder {
  sessionId: string;
  workspaceId: string;
  keyId: string;
  scopes: string[];
}

export type SocketTokens = ReturnType<typeof createSocketTokenRepository>;

/**
 * Tokens that open one session's WebSocket. Postgres stores their hashes, so that every process knows them. They end
 * with the API key that requested them.
 */
export function createSocketTokenRepository(pool: Pool) {
  return {
    async mint(holder: { sessionId: string; keyId: string }, lifetimeMs: number) {
      const token = `cws_${randomBytes(32).toString("base64url")}`;
      const { rows } = await pool.query<{ expires_at: Date }>(
        `WITH swept AS (DELETE FROM socket_tokens WHERE expires_at < now())
         INSERT INTO socket_tokens (hash, session_id, key_id, expires_at)
         VALUES ($1, $2, $3, now() + $4::int * interval '1 millisecond') RETURNING expires_at`,
        [hashOf(token), holder.sessionId, holder.keyId, lifetimeMs],
      );
      const expiresAt = rows[0]?.expires_at;
      if (!expiresAt) throw new Error("a socket token was not stored");
      return { token, expiresAt };
    },

    /** Null for a token that is unknown or expired, or whose key was revoked. */
    async holder(token: string): Promise<SocketHolder | null> {
      const { rows } = await pool.query<SocketHolder>(
        `SELECT t.session_id AS "sessionId", s.workspace_id AS "workspaceId", t.key_id AS "keyId", k.scopes
         FROM socket_tokens t JOIN sessions s ON s.id = t.session_id JOIN api_keys k ON k.id = t.key_id
         WHERE t.hash = $1 AND t.expires_at > now()`,
        [hashOf(token)],
      );
      return rows[0] ?? null;
    },

    /** Returns true if an API key still exists. */
    async keyStands(keyId: string): Promise<boolean> {
      const { rowCount } = await pool.query("SELECT 1 FROM api_keys WHERE id = $1", [keyId]);
      return rowCount === 1;
    },
  };
}

function hashOf(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}
