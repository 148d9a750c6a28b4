import type { Pool } from "pg";
import { inTransaction } from "../storage/transaction.ts";

/** A known user keeps their identifier if any of the names ($2) is known. For a new user, the first name counts. */
const IDENTIFIER = `coalesce(
    (SELECT a.identifier FROM user_aliases a WHERE a.channel_id = $1 AND a.alias = ANY($2)
     ORDER BY array_position($2, a.alias) LIMIT 1),
    (SELECT u.identifier FROM users u WHERE u.channel_id = $1 AND u.identifier = ANY($2)
     ORDER BY array_position($2, u.identifier) LIMIT 1),
    ($2::text[])[1])`;

const IDENTIFY = `
  WITH chosen AS (SELECT ${IDENTIFIER} AS identifier),
  put AS (
    INSERT INTO user_aliases (channel_id, alias, identifier)
    SELECT $1, name, chosen.identifier FROM unnest($2::text[]) AS name, chosen ORDER BY name
    ON CONFLICT (channel_id, alias) DO NOTHING)
  SELECT identifier FROM chosen`;

export type UserAliases = ReturnType<typeof createUserAliases>;

/** Stores several names of one user on a channel. On WhatsApp these are a number, and an id for a hidden number. */
export function createUserAliases(pool: Pool) {
  /** Adds new names under a lock. Without it, two names of one user that arrive at once could create two users. */
  const addNames = (channelId: string, names: readonly [string, ...string[]]): Promise<string> =>
    inTransaction(pool, async (client) => {
      await client.query("SELECT pg_advisory_xact_lock(hashtextextended($1, 11))", [channelId]);
      const { rows } = await client.query<{ identifier: string }>(IDENTIFY, [channelId, names]);
      return rows[0]?.identifier ?? names[0];
    });

  return {
    /** Returns the identifier of the user with these names, and stores all the names for that user. */
    async identify(channelId: string, names: readonly [string, ...string[]]): Promise<string> {
      const { rows } = await pool.query<{ alias: string; identifier: string }>({
        name: "known_names",
        text: "SELECT alias, identifier FROM user_aliases WHERE channel_id = $1 AND alias = ANY($2)",
        values: [channelId, names],
      });
      const first = rows.find(({ alias }) => alias === names[0]);
      return first && rows.length === new Set(names).size ? first.identifier : addNames(channelId, names);
    },

    /** Returns the identifier of the user with one of these names. If there is none, returns the first name. */
    async findIdentifier(channelId: string, names: readonly [string, ...string[]]): Promise<string> {
      const { rows } = await pool.query<{ identifier: string }>(`SELECT ${IDENTIFIER} AS identifier`, [
        channelId,
        names,
      ]);
      return rows[0]?.identifier ?? names[0];
    },

    /**
     * Records that a name replaced another. Both belong to the same user, and the old name may be that user's
     * identifier.
     */
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
