import type { Rating } from "../core/message/rating.ts";
import type { Database } from "../storage/database.ts";
import type { ParticipantData } from "../storage/generated/client.ts";

/** A rating that a user gave. */
export interface OwnRating {
  messageId: string;
  rating: Rating;
  comment: string | null;
  createdAt: Date;
  updatedAt: Date;
}

export type PersonalDataRepository = ReturnType<typeof createPersonalDataRepository>;

/** Reads what is stored about one user beside their sessions. */
export function createPersonalDataRepository({ pool, prisma }: Pick<Database, "pool" | "prisma">) {
  return {
    /** Other names of the user on the platform. */
    async aliases(userId: string): Promise<string[]> {
      const { rows } = await pool.query<{ alias: string }>(
        `SELECT a.alias FROM users u JOIN user_aliases a ON a.channel_id = u.channel_id AND a.identifier = u.identifier
         WHERE u.id = $1 AND a.alias <> u.identifier ORDER BY a.alias`,
        [userId],
      );
      return rows.map(({ alias }) => alias);
    },

    /** Their ratings, also of messages in conversations of others: a thread has several readers. */
    async ratings(userId: string): Promise<OwnRating[]> {
      const { rows } = await pool.query<OwnRating>(
        `SELECT r.message_id AS "messageId", r.rating, r.comment, r.created_at AS "createdAt", r.updated_at AS "updatedAt"
         FROM users u JOIN message_ratings r ON r.workspace_id = u.workspace_id AND r.rater = u.identifier
         JOIN messages m ON m.id = r.message_id JOIN sessions s ON s.id = m.session_id AND s.channel_id = u.channel_id
         WHERE u.id = $1 AND r.rating IS NOT NULL ORDER BY r.created_at, r.id`,
        [userId],
      );
      return rows;
    },

    /** Their participant data for every agent, and for every session of an anonymous visitor. */
    async data(userId: string): Promise<ParticipantData[]> {
      return prisma.participantData.findMany({
        where: { userId },
        orderBy: [{ agentId: "asc" }, { ownerId: "asc" }],
      });
    },
  };
}
