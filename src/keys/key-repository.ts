import { newId } from "../core/ids.ts";
import { type PageRequest, type Slice, toSlice } from "../core/page.ts";
import type { Database } from "../storage/database.ts";
import type { Prisma, ApiKey as StoredKey } from "../storage/generated/client.ts";
import { behind, newestFirst, placeOf } from "../storage/newest-first.ts";
import { inTransaction } from "../storage/transaction.ts";
import { hashSecret, shownPrefix } from "./api-key.ts";
import type { KeyHolder } from "./key-cache.ts";

/** An API key without its secret. */
export type ApiKey = Omit<StoredKey, "hash" | "person">;

const KEY = {
  id: true,
  workspaceId: true,
  name: true,
  prefix: true,
  scopes: true,
  operator: true,
  createdAt: true,
  lastUsedAt: true,
} satisfies Prisma.ApiKeySelect;

/** Precision of `last_used_at`. The column is written at most this often. */
const USED_EVERY = "interval '1 minute'";

/** Stores API keys. Callers pass secrets, and only their hashes are stored. */
export function createKeyRepository({ pool, prisma }: Pick<Database, "pool" | "prisma">) {
  return {
    /** Not Prisma: this is on the way of every message that comes over the API. */
    async find(hash: string): Promise<(KeyHolder & { hash: string }) | null> {
      const { rows } = await pool.query<Pick<StoredKey, keyof KeyHolder | "hash">>({
        name: "find_api_key",
        text: `SELECT id, workspace_id AS "workspaceId", scopes, operator, hash FROM api_keys WHERE hash = $1`,
        values: [hash],
      });
      return rows[0] ?? null;
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
      const { secret, scopes, ...named } = key;
      const secrets = { hash: hashSecret(secret), prefix: shownPrefix(secret) };
      return prisma.apiKey.upsert({
        where: { id: key.id },
        create: { ...named, ...secrets, scopes: [...scopes] },
        update: secrets,
        select: KEY,
      });
    },

    async list(workspaceId: string, page: PageRequest): Promise<Slice<ApiKey>> {
      const where = { workspaceId, ...behind(page.after) };
      const [rows, total] = await Promise.all([
        prisma.apiKey.findMany({ where, ...newestFirst(page), select: KEY }),
        prisma.apiKey.count({ where: { workspaceId } }),
      ]);
      return toSlice(rows, page.limit, total, placeOf);
    },

    async get(workspaceId: string, id: string): Promise<ApiKey | null> {
      return prisma.apiKey.findUnique({ where: { id, workspaceId }, select: KEY });
    },

    /**
     * Revokes a key permanently. False if no key has that id, or if it is the operator key, which only the settings can
     * remove.
     */
    async remove(workspaceId: string, id: string): Promise<boolean> {
      const { count } = await prisma.apiKey.deleteMany({ where: { id, workspaceId, operator: false } });
      return count === 1;
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

    /** Not Prisma either: the operator key's calls name their workspace. */
    async workspaceBySlug(slug: string): Promise<string | null> {
      const { rows } = await pool.query<{ id: string }>("SELECT id FROM workspaces WHERE slug = $1", [slug]);
      return rows[0]?.id ?? null;
    },
  };
}
