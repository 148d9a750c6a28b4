import type { Pool } from "pg";
import { newId } from "../core/ids.ts";
import { hashSecret, newSecret } from "./api-key.ts";

/** A person who signs in without a secret of ours. */
export interface PersonKey {
  /** The issuer and its id for the person. */
  person: string;
  name: string;
  scopes: readonly string[];
}

export type PersonKeys = ReturnType<typeof createPersonRepository>;

/**
 * Keys of people who sign in with OpenID Connect. Nobody knows the secret of such a key, so only console sessions lead
 * to it. It does not use Prisma, because the workspace comes from the operator key in the same statement.
 */
export function createPersonRepository(pool: Pool) {
  return {
    /** Makes the key of a person, or brings its name and scopes up to date. */
    async ensure({ person, name, scopes }: PersonKey): Promise<{ id: string; workspaceId: string }> {
      const { rows } = await pool.query<{ id: string; workspaceId: string }>(
        `INSERT INTO api_keys (id, workspace_id, name, prefix, hash, scopes, person)
         SELECT $1, workspace_id, $2, '', $3, $4, $5 FROM api_keys WHERE operator
         ON CONFLICT (person) DO UPDATE SET name = EXCLUDED.name, scopes = EXCLUDED.scopes, last_used_at = now()
         RETURNING id, workspace_id AS "workspaceId"`,
        [newId(), name, hashSecret(newSecret()), scopes, person],
      );
      if (!rows[0]) throw new Error("there is no operator key whose workspace a person could belong to");
      return rows[0];
    },

    /** Removes the key of a person, with their sessions. Returns its id; null if there was none. */
    async remove(person: string): Promise<string | null> {
      const { rows } = await pool.query<{ id: string }>(
        "DELETE FROM api_keys WHERE person = $1 RETURNING id",
        [person],
      );
      return rows[0]?.id ?? null;
    },
  };
}
