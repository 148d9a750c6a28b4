import type { Pool, PoolClient } from "pg";
import { newId } from "../core/ids.ts";
import { nameLine } from "../core/message/name-line.ts";
import type { Rating } from "../core/message/rating.ts";
import { storableText } from "../core/text/text.ts";
import { inTransaction } from "../storage/transaction.ts";

/** A person's rating of one message. */
export interface NewRating {
  /** The person on the channel. Null: the session's user. */
  rater: { identifier: string; name?: string | undefined } | null;
  /** Null: taken back. */
  rating: Rating | null;
  comment: string | null;
  via: string;
  /** Time by the platform's clock. Absent: now. */
  at?: Date | undefined;
  /** Only this rating may be taken back. Absent: each one may. */
  takesBack?: Rating | undefined;
}

export interface RatingScope {
  workspaceId: string;
  /** Absent: any session. */
  sessionId?: string;
}

/** `unknown`: there is no such message. `not_rateable`: it is no answer, by the bot or a person. */
export type Rated =
  | { kind: "rated"; sessionId: string; channelId: string }
  | { kind: "unknown" }
  | { kind: "not_rateable" };

export type RatingRepository = ReturnType<typeof createRatingRepository>;

/** Stores ratings of messages, one for each message and person. */
export function createRatingRepository(pool: Pool) {
  return {
    /** @param scope a message elsewhere counts as unknown. */
    async rate(scope: RatingScope, messageId: string, rating: NewRating): Promise<Rated> {
      const { workspaceId, sessionId } = scope;
      return inTransaction(pool, async (client) => {
        const { rows } = await client.query<{ session_id: string; role: string }>(
          `SELECT m.session_id, m.role FROM messages m JOIN sessions s ON s.id = m.session_id
           WHERE m.id = $2 AND s.workspace_id = $1 AND ($3::text IS NULL OR s.id = $3)`,
          [workspaceId, messageId, sessionId ?? null],
        );
        const found = rows[0];
        if (found === undefined) return { kind: "unknown" };
        if (found.role !== "assistant") return { kind: "not_rateable" };
        // The session is locked before its rating, as in all other writes.
        const locked = await client.query<{ channel_id: string }>(
          "SELECT channel_id FROM sessions WHERE id = $1 FOR UPDATE",
          [found.session_id],
        );
        const session = locked.rows[0];
        if (session === undefined) return { kind: "unknown" };
        const row = { workspaceId, messageId, sessionId: found.session_id };
        const isChanged = await storeRating(client, row, rating);
        // The session counts as changed, so that lists and the feed show the rating.
        if (isChanged)
          await client.query("UPDATE sessions SET updated_at = now() WHERE id = $1", [found.session_id]);
        return { kind: "rated", sessionId: found.session_id, channelId: session.channel_id };
      });
    },

    /**
     * The message that the platform calls by this id. `not_yet`: something is being sent in the conversation, so the
     * record of the id may be about to come. `place`: the beginning of the conversation's address.
     */
    async findSent(
      channelId: string,
      externalId: string,
      place: string,
    ): Promise<{ messageId: string } | "not_yet" | null> {
      const { rows } = await pool.query<{ message_id: string | null; sending: boolean }>(
        `SELECT (SELECT d.message_id FROM deliveries d
             WHERE d.channel_id = $1 AND d.external_ids <> '{}' AND d.external_ids[1] = $2
               AND d.handoff_id IS NULL AND d.message_id IS NOT NULL LIMIT 1) AS message_id,
           EXISTS (SELECT 1 FROM deliveries d WHERE d.channel_id = $1 AND d.status = 'sending'
             AND (d.address = $3 OR starts_with(d.address, $3 || ':'))) AS sending`,
        [channelId, externalId, place],
      );
      const [found] = rows;
      if (found?.message_id != null) return { messageId: found.message_id };
      return found?.sending ? "not_yet" : null;
    },
  };
}

/** Stores a rating unless a newer one is stored. Returns true if it changed the stored one. */
async function storeRating(
  client: PoolClient,
  { workspaceId, messageId, sessionId }: { workspaceId: string; messageId: string; sessionId: string },
  rating: NewRating,
): Promise<boolean> {
  const { rater, comment, takesBack } = rating;
  const { rowCount } = await client.query(
    `INSERT INTO message_ratings (id, workspace_id, message_id, rater, rater_name, rating, comment, via, rated_at)
     SELECT $1, $2, $3, coalesce($4, u.identifier, ''),
       coalesce($5, p.name), $6, $7, $8, coalesce($9::timestamptz, clock_timestamp())
     FROM sessions s LEFT JOIN users u ON u.id = s.user_id
       LEFT JOIN users p ON p.channel_id = s.channel_id AND p.identifier = coalesce($4, u.identifier)
     WHERE s.id = $10
     ON CONFLICT (message_id, rater) DO UPDATE SET rating = excluded.rating, comment = excluded.comment,
       rater_name = coalesce(excluded.rater_name, message_ratings.rater_name), via = excluded.via,
       rated_at = excluded.rated_at, updated_at = now()
     WHERE message_ratings.rated_at <= excluded.rated_at
       AND ($11::text IS NULL OR message_ratings.rating = $11)`,
    [
      newId(),
      workspaceId,
      messageId,
      rater === null ? null : storableText(rater.identifier),
      rater?.name === undefined ? null : nameLine(rater.name) || null,
      rating.rating,
      comment === null ? null : storableText(comment),
      rating.via,
      rating.at ?? null,
      sessionId,
      takesBack ?? null,
    ],
  );
  return rowCount === 1;
}
