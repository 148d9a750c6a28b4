import type { ListedFeedback, ListFeedback, Message, RateMessage } from "./message-types.ts";
import { type List, listOf } from "./page.ts";
import type { RequestOptions, Transport } from "./transport.ts";

/** Ratings of the bot's messages. */
export function createFeedback(transport: Transport) {
  return {
    /** Rates what the bot said. A later call of the same user replaces the rating. */
    rateMessage: (messageId: string, rating: RateMessage, options?: RequestOptions): Promise<Message> =>
      transport.request(
        { method: "POST", path: `/messages/${encodeURIComponent(messageId)}/feedback`, body: rating },
        options,
      ),

    /** Lists ratings of every channel, newest first. */
    listFeedback: (query: ListFeedback = {}, options?: RequestOptions): List<ListedFeedback> =>
      listOf(transport, { method: "GET", path: "/feedback", query: { ...query } }, options),
  };
}
