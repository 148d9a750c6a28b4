import { randomBytes } from "node:crypto";
import type { Pool } from "pg";
import { newId } from "../core/ids.ts";
import { hashSecret } from "./api-key.ts";
import type { KeyHolder } from "./key-cache.ts";

/** A person who is signed in to the console, with the rights of the key that they signed in with. */
export interface ConsoleSession {
  id: string;
  key: KeyHolder & { name: string };
  expiresAt: Date;
}

export type ConsoleSessions = ReturnType<typeof createConsoleSessionRepository>;

/** A session ends so long after its last use. */
const SESSION = "interval '12 hours'";
/** The end moves at most this often, so that most requests only read. */
const EXTENDED_EVERY = "interval '5 minutes'";
const CODE = "interval '10 minutes'";

interface SessionRow {
  id: string;
  key_id: string;
  workspace_id: string;
  name: string;
  scopes: string[];
  operator: boolean;
  expires_at: Date;
}

/**
 * Sessions of the console, and codes that open one once. Postgres stores only hashes. It does not use Prisma, because a
 * code is used up by the statement that opens its session.
 */
export function createConsoleSessionRepository(pool: Pool) {
  return {
    /** Opens a session for a key. Null: the key is gone. */
    async open(keyId: string): Promise<{ token: string } | null> {
      const token = newToken("cwc");
      const { rowCount } = await pool.query(
        `INSERT INTO console_sessions (id, token_hash, key_id, expires_at)
         SELECT $1, $2, id, now() + ${SESSION} FROM api_keys WHERE id = $3`,
        [newId(), hashSecret(token), keyId],
      );
      return rowCount === 1 ? { token } : null;
    },

    /** Opens a session for a person whom a provider knows. Use does not extend it, so the provider is asked again. */
    async openForPerson(
      keyId: string,
      providerSession: string | null,
    ): Promise<{ id: string; token: string }> {
      const [id, token] = [newId(), newToken("cwc")];
      await pool.query(
        `INSERT INTO console_sessions (id, token_hash, key_id, expires_at, provider_session, fixed_end)
         VALUES ($1, $2, $3, now() + ${SESSION}, $4, true)`,
        [id, hashSecret(token), keyId, providerSession],
      );
      return { id, token };
    },

    /** Ends the sessions of one session of the provider, or all of a person. Returns their ids. */
    async endOfProvider(ended: { session: string } | { personId: string }): Promise<string[]> {
      const { rows } = await pool.query<{ id: string }>(
        "session" in ended
          ? "DELETE FROM console_sessions WHERE provider_session = $1 AND fixed_end RETURNING id"
          : `DELETE FROM console_sessions s USING api_keys k
             WHERE k.id = s.key_id AND k.person = $1 RETURNING s.id`,
        ["session" in ended ? ended.session : ended.personId],
      );
      return rows.map(({ id }) => id);
    },

    /** Opens a session for the key of a code, which works once. Null: the code is unknown, used or too old. */
    async redeem(code: string): Promise<{ token: string } | null> {
      const token = newToken("cwc");
      const { rowCount } = await pool.query(
        `WITH used AS (DELETE FROM console_codes WHERE hash = $1 RETURNING key_id, expires_at)
         INSERT INTO console_sessions (id, token_hash, key_id, expires_at)
         SELECT $2, $3, key_id, now() + ${SESSION} FROM used WHERE expires_at > now()`,
        [hashSecret(code), newId(), hashSecret(token)],
      );
      return rowCount === 1 ? { token } : null;
    },

    /** Makes a code that signs in once as the operator key, within ten minutes. */
    async codeForOperator(): Promise<string> {
      const code = newToken("cwl");
      const { rowCount } = await pool.query(
        `INSERT INTO console_codes (hash, key_id, expires_at)
         SELECT $1, id, now() + ${CODE} FROM api_keys WHERE operator`,
        [hashSecret(code)],
      );
      if (rowCount !== 1) throw new Error("there is no operator key to sign in with");
      return code;
    },

    /** The session of a token, whose end moves on. Null: it is unknown or over, or its key was revoked. */
    async find(token: string): Promise<ConsoleSession | null> {
      const { rows } = await pool.query<SessionRow>({
        name: "find_console_session",
        text: `WITH moved AS (UPDATE console_sessions SET expires_at = now() + ${SESSION}
            WHERE token_hash = $1 AND NOT fixed_end AND expires_at BETWEEN now() AND now() + ${SESSION} - ${EXTENDED_EVERY}
            RETURNING expires_at)
          SELECT s.id, s.key_id, k.workspace_id, k.name, k.scopes, k.operator,
            greatest(s.expires_at, m.expires_at) AS expires_at
          FROM console_sessions s JOIN api_keys k ON k.id = s.key_id LEFT JOIN moved m ON true
          WHERE s.token_hash = $1 AND s.expires_at > now()`,
        values: [hashSecret(token)],
      });
      return rows[0] ? toSession(rows[0]) : null;
    },

    /** Milliseconds until a session ends; null if it is over. */
    async remainingMs(id: string): Promise<number | null> {
      const { rows } = await pool.query<{ ms: number }>(
        `SELECT ceil(extract(epoch FROM expires_at - now()) * 1000)::int AS ms FROM console_sessions
         WHERE id = $1 AND expires_at > now()`,
        [id],
      );
      return rows[0]?.ms ?? null;
    },

    async end(id: string): Promise<void> {
      await pool.query("DELETE FROM console_sessions WHERE id = $1", [id]);
    },

    /** Deletes the sessions and codes that are over. */
    async sweep(): Promise<void> {
      await pool.query(
        `WITH codes AS (DELETE FROM console_codes WHERE expires_at < now())
         DELETE FROM console_sessions WHERE expires_at < now()`,
      );
    },

    /** The workspaces that a key may work in: its own, and each one for the operator key. */
    async workspacesOf(key: KeyHolder): Promise<{ id: string; slug: string }[]> {
      const { rows } = await pool.query<{ id: string; slug: string }>(
        "SELECT id, slug FROM workspaces WHERE id = $1 OR $2 ORDER BY slug",
        [key.workspaceId, key.operator],
      );
      return rows;
    },
  };
}

function newToken(prefix: string): string {
  return `${prefix}_${randomBytes(32).toString("base64url")}`;
}

function toSession(row: SessionRow): ConsoleSession {
  const { id, name, scopes, operator } = row;
  const key = { id: row.key_id, workspaceId: row.workspace_id, name, scopes, operator };
  return { id, key, expiresAt: row.expires_at };
}
