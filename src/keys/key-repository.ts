import type { Pool } from "pg";
import { newId } from "../core/ids.ts";
import { type PageRequest, type Slice, toSlice } from "../core/page.ts";
import { inTransaction } from "../storage/transaction.ts";
import { hashSecret, shownPrefix } from "./api-key.ts";
import type { KeyHolder } from "./key-cache.ts";

/** An API key without its secret. */
export interface ApiKey {
  id: string;
  workspaceId: string;
  name: string;
  prefix: string;
  scopes: string[];
  operator: boolean;
  createdAt: Date;
  lastUsedAt: Date | null;
}

interface KeyRow {
  id: string;
  workspace_id: string;
  name: string;
  prefix: string;
  scopes: string[];
  operator: boolean;
  created_at: Date;
  last_used_at: Date | null;
}

const COLUMNS = "id, workspace_id, name, prefix, scopes, operator, created_at, last_used_at";
/** Precision of `last_used_at`. The column is written at most this often. */
const USED_EVERY = "interval '1 minute'";

/** Stores API keys. Callers pass secrets, and only their hashes are stored. */
export function createKeyRepository(pool: Pool) {
  return {
    async find(hash: string): Promise<(KeyHolder & { hash: string }) | null> {
      const { rows } = await pool.query<KeyRow & { hash: string }>({
        name: "find_api_key",
        text: `SELECT ${COLUMNS}, hash FROM api_keys WHERE hash = $1`,
        values: [hash],
      });
      const row = rows[0];
      return row ? { ...toKey(row), hash: row.hash } : null;
    },

    async markUsed(keyId: string): Promise<void> {
      await pool.query(
        `UPDATE api_keys SET last_used_at = now()
         WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < now() - ${USED_EVERY})`,
        [keyId],
      );
    },

    /** A repeated call with the same id creates no second key. It replaces the secret, which no caller has received. */
    async create(key: {
      id: string;
      workspaceId: string;
      name: string;
      scopes: readonly string[];
      secret: string;
    }): Promise<ApiKey> {
      const { rows } = await pool.query<KeyRow>(
        `INSERT INTO api_keys (id, workspace_id, name, prefix, hash, scopes) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (id) DO UPDATE SET hash = EXCLUDED.hash, prefix = EXCLUDED.prefix RETURNING ${COLUMNS}`,
        [key.id, key.workspaceId, key.name, shownPrefix(key.secret), hashSecret(key.secret), key.scopes],
      );
      const row = rows[0];
      if (!row) throw new Error("an insert returned no row");
      return toKey(row);
    },

    async list(workspaceId: string, page: PageRequest): Promise<Slice<ApiKey>> {
      const { rows } = await pool.query<KeyRow>(
        `SELECT ${COLUMNS} FROM api_keys
         WHERE workspace_id = $1 AND ($2::timestamptz IS NULL OR (created_at, id) < ($2, $3))
         ORDER BY created_at DESC, id DESC LIMIT $4 OFFSET $5`,
        [workspaceId, page.after?.at ?? null, page.after?.id ?? null, page.limit + 1, page.offset],
      );
      const { rows: counted } = await pool.query<{ total: number }>(
        "SELECT count(*)::int AS total FROM api_keys WHERE workspace_id = $1",
        [workspaceId],
      );
      const place = (key: ApiKey) => ({ at: key.createdAt, id: key.id });
      return toSlice(rows.map(toKey), page.limit, counted[0]?.total ?? 0, place);
    },

    async get(workspaceId: string, id: string): Promise<ApiKey | null> {
      const { rows } = await pool.query<KeyRow>(
        `SELECT ${COLUMNS} FROM api_keys WHERE workspace_id = $1 AND id = $2`,
        [workspaceId, id],
      );
      return rows[0] ? toKey(rows[0]) : null;
    },

    /**
     * Revokes a key permanently. False if no key has that id, or if it is the operator key, which only the settings can
     * remove.
     */
    async remove(workspaceId: string, id: string): Promise<boolean> {
      const { rowCount } = await pool.query(
        "DELETE FROM api_keys WHERE workspace_id = $1 AND id = $2 AND NOT operator",
        [workspaceId, id],
      );
      return rowCount === 1;
    },

    /**
     * Makes the configured key the only operator key, and revokes an earlier one. It belongs to the first configured
     * workspace, and may select the others.
     */
    async ensureOperatorKey(workspaceId: string, secret: string): Promise<void> {
      const hash = hashSecret(secret);
      await inTransaction(pool, async (client) => {
        await client.query("DELETE FROM api_keys WHERE operator AND hash <> $1", [hash]);
        await client.query(
          `INSERT INTO api_keys (id, workspace_id, name, prefix, hash, scopes, operator)
           VALUES ($1, $2, 'operator', $3, $4, '{admin}', true)
           ON CONFLICT (hash) DO UPDATE SET workspace_id = EXCLUDED.workspace_id, scopes = EXCLUDED.scopes,
             operator = true`,
          [newId(), workspaceId, shownPrefix(secret), hash],
        );
      });
    },

    async workspaceBySlug(slug: string): Promise<string | null> {
      const { rows } = await pool.query<{ id: string }>("SELECT id FROM workspaces WHERE slug = $1", [slug]);
      return rows[0]?.id ?? null;
    },
  };
}

function toKey(row: KeyRow): ApiKey {
  return {
    id: row.id,
    workspaceId: row.workspace_id,
    name: row.name,
    prefix: row.prefix,
    scopes: row.scopes,
    operator: row.operator,
    createdAt: row.created_at,
    lastUsedAt: row.last_used_at,
  };
}
