import type { Pool } from "pg";
import { inTransaction } from "./transaction.ts";

/**
 * Whoever was known by one of the names ($2) stays who they are; of people never heard of, the first name counts.
 */
const IDENTIFY = `
  WITH chosen AS (SELECT coalesce(
    (SELECT a.identifier FROM user_aliases a WHERE a.channel_id = $1 AND a.alias = ANY($2)
     ORDER BY array_position($2, a.alias) LIMIT 1),
    (SELECT u.identifier FROM users u WHERE u.channel_id = $1 AND u.identifier = ANY($2)
     ORDER BY array_position($2, u.identifier) LIMIT 1),
    ($2::text[])[1]) AS identifier),
  put AS (
    INSERT INTO user_aliases (channel_id, alias, identifier)
    SELECT $1, name, chosen.identifier FROM unnest($2::text[]) AS name, chosen ORDER BY name
    ON CONFLICT (channel_id, alias) DO NOTHING)
  SELECT identifier FROM chosen`;

/** Several names of one person on a channel (WhatsApp: a number, and an id where the number is hidden). */
export function createUserAliases(pool: Pool) {
  /** Puts down names that are new, one after the other: two of one person at once must not make two people. */
  const meet = (channelId: string, names: readonly [string, ...string[]]): Promise<string> =>
    inTransaction(pool, async (client) => {
      await client.query("SELECT pg_advisory_xact_lock(hashtextextended($1, 11))", [channelId]);
      const { rows } = await client.query<{ identifier: string }>(IDENTIFY, [channelId, names]);
      return rows[0]?.identifier ?? names[0];
    });

  return {
    /** What the user with these names is known by here; from now on by all of them. */
    async identify(channelId: string, names: readonly [string, ...string[]]): Promise<string> {
      const { rows } = await pool.query<{ alias: string; identifier: string }>({
        name: "known_names",
        text: "SELECT alias, identifier FROM user_aliases WHERE channel_id = $1 AND alias = ANY($2)",
        values: [channelId, names],
      });
      const first = rows.find(({ alias }) => alias === names[0]);
      return first && rows.length === new Set(names).size ? first.identifier : meet(channelId, names);
    },

    /** What whoever is called so is known by here: the same where no other name is. */
    async knownAs(channelId: string, name: string): Promise<string> {
      const { rows } = await pool.query<{ identifier: string }>(
        "SELECT identifier FROM user_aliases WHERE channel_id = $1 AND alias = $2",
        [channelId, name],
      );
      return rows[0]?.identifier ?? name;
    },

    /** A name took the place of another: both are the same person's, whose own name it may have been. */
    async move(channelId: string, from: string, to: string): Promise<void> {
      await pool.query(
        `WITH renamed AS (UPDATE user_aliases SET identifier = $3 WHERE channel_id = $1 AND identifier = $2
           AND EXISTS (SELECT 1 FROM users WHERE channel_id = $1 AND identifier = $3) RETURNING alias)
         INSERT INTO user_aliases (channel_id, alias, identifier)
         SELECT a.channel_id, $3, CASE WHEN a.identifier = $2 THEN $3 ELSE a.identifier END
         FROM user_aliases a WHERE a.channel_id = $1 AND a.alias = $2
         ON CONFLICT (channel_id, alias) DO NOTHING`,
        [channelId, from, to],
      );
    },
  };
}
