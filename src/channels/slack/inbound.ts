import type { DeskMessage } from "../../core/message/desk-event.ts";
import type { InboundMessage } from "../../core/message/inbound-message.ts";
import type { Logger } from "../../core/process/logger.ts";
import type { Later } from "../kit/later.ts";
import { toAddress } from "./address.ts";
import { addressingOf, barredBecause, isDirect, type SlackIdentity, type ThreadRule } from "./addressing.ts";
import { type Conversations, THREADS_UNKNOWN, unknownInOutage } from "./conversations.ts";
import type { DeskReader } from "./desk-inbound.ts";
import type { SlackEvent } from "./event.ts";
import type { MessageReader, Place } from "./inbound-message.ts";
import { filesOf, forwardsIn, writtenText } from "./said.ts";
import type { SpokenMessages } from "./spoken.ts";

export interface InboundDeps {
  /** The bot itself. If it `isShared`, events come from several workspaces, and an id is valid in one of them only. */
  bot: { isShared: boolean; identity(): SlackIdentity; spoken: Pick<SpokenMessages, "note"> };
  conversations: Conversations;
  /** The configured rule: which messages of threads are for the bot. */
  threads: ThreadRule;
  reader: MessageReader;
  /** Conversations of desks, in which nothing is for the bot. */
  desk: DeskReader;
  log: Logger;
}

/** Turns events into messages. An empty list means that the event is only acknowledged. */
export function createInbound(deps: InboundDeps) {
  const { bot, conversations, threads, reader, desk, log } = deps;

  return async function readEvent(event: SlackEvent): Promise<(InboundMessage | DeskMessage)[] | Later> {
    const { message, eventId } = event;
    const ignore = (reason: string): InboundMessage[] => {
      log.debug({ eventId, reason }, "slack event ignored");
      return [];
    };
    const us = knownOfUs(bot.identity(), event);
    const installation = bot.isShared ? event.team : null;
    if (desk.isDesk(installation, message.channel)) {
      if (event.editTs !== null) return ignore("an edit at a desk");
      const words = await desk.message(installation, message, eventId, us);
      return words === null ? ignore("not in a thread of a desk") : [words];
    }
    if (message.user !== undefined && message.user === us.userId)
      await bot.spoken.note(installation, message);
    const barred = barredBecause(message, us);
    if (barred !== null) return ignore(barred);
    const written = writtenText(message);
    const addressing = addressingOf(message, written, us, threads);
    if (addressing.kind === "not_for_us") return ignore("not addressed to us");
    const team = installation;
    const place = await placeOf({ ...event, team });
    // A failed lookup of a thread must not lose its messages, so Slack sends the event again.
    if (place === null) return THREADS_UNKNOWN;
    if (addressing.kind === "if_known_thread" && place.known === null) return ignore("a thread of others");
    if (event.editTs !== null) return [await reader.toEdit({ ...event, team }, written, us)];
    if (written.trim() === "" && filesOf(team, message).length === 0 && forwardsIn(message).length === 0) {
      log.info({ eventId, channelId: message.channel }, "slack message without text or file ignored");
      return [];
    }
    return [await reader.toMessage({ ...event, team }, written, us, place)];
  };

  /** Null if the lookup is not possible now. */
  async function placeOf({ message, team }: SlackEvent): Promise<Place | null> {
    const { channel, thread_ts: thread, ts, user = "" } = message;
    const address = toAddress(team, channel, thread ?? ts);
    const isOurs = isDirect(message);
    // A message that begins a thread cannot belong to an earlier one. In a direct conversation people may answer that
    // way too.
    const looking =
      thread !== undefined
        ? conversations.find(address, isOurs ? `message:${channel}:${thread}` : undefined)
        : isOurs
          ? conversations.findUnanswered(team, channel, user)
          : Promise.resolve(null);
    const known = await looking.catch(unknownInOutage);
    return known === undefined ? null : { address, known };
  }
}

/** The known identity, with the event's bot user and app id if the event has them. */
function knownOfUs(identity: SlackIdentity, event: SlackEvent): SlackIdentity {
  return {
    ...identity,
    userId: event.botUserId ?? identity.userId,
    appId: event.appId ?? identity.appId,
  };
}
