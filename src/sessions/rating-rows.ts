import type { MessageFeedback, Rating } from "../core/message/rating.ts";

/** A rating as a query returns it inside a row of its message. */
export interface RatingRow {
  rating: Rating;
  comment: string | null;
  rater: string;
  rater_name: string | null;
  via: string;
  created_at: string | Date;
  updated_at: string | Date;
}

/**
 * SQL expression for the ratings of a message, oldest first, as a JSON array. `message` is the SQL expression of the
 * message's id.
 */
export const RATINGS_OF = (message: string): string => `(
    SELECT coalesce(json_agg(json_build_object('rating', r.rating, 'comment', r.comment, 'rater', r.rater,
      'rater_name', r.rater_name, 'via', r.via, 'created_at', r.created_at, 'updated_at', r.updated_at)
      ORDER BY r.created_at, r.id), '[]')
    FROM message_ratings r WHERE r.message_id = ${message} AND r.rating IS NOT NULL)`;

export function toFeedback(row: RatingRow): MessageFeedback {
  return {
    rating: row.rating,
    comment: row.comment,
    user: row.rater === "" ? null : { identifier: row.rater, name: row.rater_name },
    via: row.via,
    createdAt: new Date(row.created_at),
    updatedAt: new Date(row.updated_at),
  };
}
