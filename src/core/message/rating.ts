/** A person's judgement of an answer: thumbs up or down. */
export const RATINGS = ["up", "down"] as const;
export type Rating = (typeof RATINGS)[number];

/** The longest comment on a rating, in UTF-16 code units. */
export const COMMENT_LIMIT = 2_000;

/** A stored rating of a message. */
export interface MessageFeedback {
  rating: Rating;
  comment: string | null;
  /** The person on the channel; null for a call about a session without a user. */
  user: { identifier: string; name: string | null } | null;
  /** `api`, or the kind of the channel. */
  via: string;
  createdAt: Date;
  updatedAt: Date;
}
