import type { ChannelEvent } from "../../core/message/channel-event.ts";
import type { Logger } from "../../core/process/logger.ts";
import { OPTED_OUT } from "../kit/opted-out.ts";
import { createWordCheck } from "../kit/whole-words.ts";
import { wordListSchema } from "../kit/word-list.ts";

/**
 * Words that nobody writes for another reason. Twilio also reads CANCEL, END and QUIT as an opt-out, but in a
 * conversation with a bot they are answers.
 */
const DEFAULT_WORDS = ["STOP", "STOPALL", "STOP ALL", "UNSUBSCRIBE", "OPT OUT", "OPTOUT"];

/** The setting of either provider. */
export const optOutWordsSchema = wordListSchema(
  DEFAULT_WORDS,
  "A user whose whole message is one of these words, in any case, gets no answer and counts as out of reach until they write again.",
);

/** Turns opt-out messages into reachability events, so the bot is not asked. */
export function createOptOuts(words: readonly string[], log: Logger) {
  const isOptOut = createWordCheck(words);

  function read(event: ChannelEvent): ChannelEvent {
    if (event.type !== "message" || !isOptOut(event)) return event;
    const { userIdentifier, aliases = [] } = event.conversation;
    log.info({ event_keys: event.eventKeys }, "a user opted out by a word; no bot is called");
    return { type: "reachability", userIdentifier, aliases, unreachable: OPTED_OUT };
  }

  return (events: readonly ChannelEvent[]): ChannelEvent[] => events.map(read);
}
