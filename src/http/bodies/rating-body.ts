import { z } from "zod";
import { RequestError } from "../../core/faults/errors.ts";
import { COMMENT_LIMIT, RATINGS } from "../../core/message/rating.ts";

/** The fields of a rating, in the API and in the web chat. */
export const ratingFields = {
  rating: z.enum(RATINGS).nullable().describe("Null takes the rating back"),
  comment: z.string().trim().min(1).max(COMMENT_LIMIT).optional().describe("Why, in the person's own words"),
};

type RatingFields = z.output<z.ZodObject<typeof ratingFields>>;

/** Refuses a comment without a rating: `schema.refine(isCommentOnRating, COMMENT_ALONE)`. */
export const isCommentOnRating = ({ rating, comment }: RatingFields): boolean =>
  rating !== null || comment === undefined;
export const COMMENT_ALONE = {
  path: ["comment"],
  error: "stands with a rating; leave it out where the rating is taken back",
};

/** The answer to a rating of something that is no answer. */
export const notRateable = (): RequestError =>
  new RequestError(422, "not_rateable", "Only an answer can be rated.");
