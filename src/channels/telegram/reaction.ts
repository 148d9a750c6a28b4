import type { MessageRating } from "../../core/message/channel-event.ts";
import type { Rating } from "../../core/message/rating.ts";
import { nameOf, withoutEmpty } from "./people.ts";
import type { TelegramReaction } from "./update.ts";

const MEANINGS: Record<string, Rating> = { "👍": "up", "👎": "down" };

/**
 * The rating in a person's reactions to a message. Telegram sends all reactions of the person at once. So
 * reactions without a thumb take an earlier rating back.
 */
export function ratingOf(reaction: TelegramReaction): MessageRating {
  const { chat, message_id: id, user, actor_chat: onBehalfOf, date, new_reaction: given } = reaction;
  const meanings = given.flatMap(({ emoji = "" }) => MEANINGS[emoji] ?? []);
  const writer = user ?? onBehalfOf ?? chat;
  return {
    type: "rating",
    externalId: `${chat.id}:${id}`,
    place: String(chat.id),
    rater: withoutEmpty({ identifier: String(writer.id), name: nameOf(writer) }),
    rating: meanings.at(-1) ?? null,
    at: new Date(date * 1000),
  };
}
