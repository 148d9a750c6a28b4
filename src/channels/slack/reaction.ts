import type { MessageRating } from "../../core/message/channel-event.ts";
import type { Rating } from "../../core/message/rating.ts";
import { inTeam } from "./address.ts";
import type { SlackReaction } from "./event.ts";
import { sentAt } from "./said.ts";
import type { SpokenMessages } from "./spoken.ts";

const MEANINGS: Record<string, Rating> = { "+1": "up", thumbsup: "up", "-1": "down", thumbsdown: "down" };

export interface ReactionDeps {
  isShared: boolean;
  /** The bot's user id; null while it is unknown. */
  userId(): string | null;
  nameOf(team: string | null, userId: string): Promise<string | null>;
  spoken: Pick<SpokenMessages, "externalId">;
}

export type ReadReaction = ReturnType<typeof createReactions>;

/**
 * Turns thumbs below our messages into ratings. Everything else is only acknowledged: other reactions, and those to
 * messages of others.
 */
export function createReactions({ isShared, userId, nameOf, spoken }: ReactionDeps) {
  return async function readReaction(given: {
    team: string | null;
    botUserId: string | null;
    reaction: SlackReaction;
  }): Promise<MessageRating[]> {
    const { user, reaction, item_user: writer, item, type, event_ts: ts } = given.reaction;
    // A skin tone follows the name: `+1::skin-tone-2`.
    const rating = MEANINGS[reaction.split("::")[0] ?? ""];
    const us = given.botUserId ?? userId();
    const isOthers = writer != null && us !== null && writer !== us;
    if (rating === undefined || isOthers || user === us) return [];
    const team = isShared ? given.team : null;
    const [name, externalId] = await Promise.all([
      nameOf(team, user),
      spoken.externalId(team, item.channel, item.ts),
    ]);
    const rater = { identifier: inTeam(team, user), ...(name === null ? {} : { name }) };
    const { sentAt: at } = sentAt(ts);
    return [
      {
        type: "rating",
        externalId,
        place: inTeam(team, item.channel),
        rater,
        ...(type === "reaction_added" ? { rating } : { rating: null, takesBack: rating }),
        ...(at === undefined ? {} : { at }),
      },
    ];
  };
}
