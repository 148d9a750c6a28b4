import type { DeskMessage, InboundMessage, MessageReference } from "../../core/message/channel-event.ts";
import type { Logger } from "../../core/process/logger.ts";
import type { KnownConversation } from "../channel-options.ts";
import type { Later } from "../kit/later.ts";
import { inTeam, toAddress } from "./address.ts";
import {
  addressingOf,
  barredBecause,
  isDirect,
  isReply,
  mentionsUs,
  type SlackIdentity,
  type ThreadRule,
  withoutMention,
} from "./addressing.ts";
import { type Conversations, THREADS_UNKNOWN, unknownInOutage } from "./conversations.ts";
import type { DeskReader } from "./desk-inbound.ts";
import type { SlackEvent, SlackMessage } from "./event.ts";
import { firstName, type People, workspaceOf } from "./people.ts";
import { filesOf, forwardedText, forwardsIn, referenceTo, writtenText } from "./said.ts";
import type { SpokenMessages } from "./spoken.ts";
import { readableText } from "./text.ts";
import type { ReadThread } from "./thread.ts";

export interface InboundDeps {
  /** True if events come from several workspaces. Then an id is valid in one workspace only. */
  isShared: boolean;
  identity(): SlackIdentity;
  conversations: Conversations;
  people: People;
  /** The configured rules: the thread messages that are for the bot, and the agent that answers. */
  rules: { threads: ThreadRule; route(channel: string, text: string): string | null };
  readThread: ReadThread;
  spoken: Pick<SpokenMessages, "note">;
  /** Conversations of desks, in which nothing is for the bot. */
  desk: DeskReader;
  log: Logger;
}

/** The conversation of a message. */
interface Place {
  /** The address for the answer. */
  address: string;
  known: KnownConversation | null;
}

/** Turns events into messages. An empty list means that the event is only acknowledged. */
export function createInbound(deps: InboundDeps) {
  const { conversations, people, rules, log } = deps;

  return async function readEvent(event: SlackEvent): Promise<(InboundMessage | DeskMessage)[] | Later> {
    const { message, eventId } = event;
    const ignore = (reason: string): InboundMessage[] => {
      log.debug({ eventId, reason }, "slack event ignored");
      return [];
    };
    const us = knownOfUs(deps.identity(), event);
    const installation = deps.isShared ? event.team : null;
    if (deps.desk.isDesk(installation, message.channel)) {
      if (event.editTs !== null) return ignore("an edit at a desk");
      const words = await deps.desk.message(installation, message, eventId, us);
      return words === null ? ignore("not in a thread of a desk") : [words];
    }
    if (message.user !== undefined && message.user === us.userId)
      await deps.spoken.note(installation, message);
    const barred = barredBecause(message, us);
    if (barred !== null) return ignore(barred);
    const written = writtenText(message);
    const addressing = addressingOf(message, written, us, rules.threads);
    if (addressing.kind === "not_for_us") return ignore("not addressed to us");
    const team = installation;
    if (event.editTs !== null) return [await editOf({ ...event, team }, written, us)];
    const place = await placeOf({ ...event, team });
    // A failed lookup of a thread must not lose its messages, so Slack sends the event again.
    if (place === null) return THREADS_UNKNOWN;
    if (addressing.kind === "if_known_thread" && place.known === null) return ignore("a thread of others");
    if (written.trim() === "" && filesOf(team, message).length === 0 && forwardsIn(message).length === 0) {
      log.info({ eventId, channelId: message.channel }, "slack message without text or file ignored");
      return [];
    }
    return [await toMessage({ ...event, team }, written, us, place)];
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

  /** The new words of a message. Only these change, so it does not matter which conversation the message is in. */
  async function editOf(event: SlackEvent, written: string, us: SlackIdentity): Promise<InboundMessage> {
    const { message, eventId, team, editTs } = event;
    const { user = "", channel, ts, thread_ts: thread } = message;
    const address = toAddress(team, channel, thread ?? ts);
    const names = { nameOf: (id: string) => people.nameOf(team, id) };
    const text =
      (await readableText(withoutMention(written, us), names)) || (await readableText(written, names));
    const { sentAt: editedAt } = sentAt(editTs ?? "");
    return {
      type: "message",
      eventKeys: [`event:${eventId}`],
      conversation: { address, userIdentifier: inTeam(team, user), externalKey: address },
      text: text.trim(),
      ...sentAt(ts),
      edits: { eventKey: `message:${channel}:${ts}` },
      ...(editedAt === undefined ? {} : { metadata: { edited_at: editedAt.toISOString() } }),
    };
  }

  async function toMessage(
    { message, eventId, team }: SlackEvent,
    written: string,
    us: SlackIdentity,
    { address, known }: Place,
  ): Promise<InboundMessage> {
    const userId = message.user ?? "";
    noteWriter(team, userId, message);
    const userIdentifier = inTeam(team, userId);
    const nameOf = (id: string) => people.nameOf(team, id);
    const [name, locale, readable, forwards, thread] = await Promise.all([
      nameOf(userId),
      people.localeOf(team, userId),
      readableText(withoutMention(written, us), { nameOf }),
      Promise.all(forwardsIn(message).map((forward) => readForward(forward, nameOf))),
      known === null && isReply(message) && !isDirect(message) ? deps.readThread(message, team, us) : [],
    ]);
    const references = [...thread, ...forwards];
    const attachments = filesOf(team, message);
    // If a forward is all there is, it becomes the user's text. A mention alone becomes the text too, so that it is
    // answered.
    const text =
      readable === "" ? (forwards[0]?.text ?? (await readableText(written, { nameOf }))) : readable;
    const agent = known?.agent ?? rules.route(message.channel, text);
    const isMention = !isDirect(message) && mentionsUs(message, written, us);
    return {
      type: "message",
      // A mention in a channel comes as two events with one timestamp.
      eventKeys: [`event:${eventId}`, `message:${message.channel}:${message.ts}`],
      conversation: {
        address,
        userIdentifier,
        externalKey: known?.externalKey ?? address,
        ...(isDirect(message) ? {} : { partOf: inTeam(team, message.channel) }),
      },
      ...(agent === null ? {} : { agent }),
      ...(name === null ? {} : { userName: name }),
      profile: {
        chat_type: isDirect(message) ? "im" : (message.channel_type ?? "channel"),
        ...(locale === null ? {} : { locale }),
      },
      text: text.trim(),
      ...(isDirect(message)
        ? {}
        : { author: { identifier: userIdentifier, ...(name === null ? {} : { name }) } }),
      ...sentAt(message.ts),
      ...(references.length === 0 ? {} : { references }),
      ...(attachments.length === 0 ? {} : { attachments }),
      // The event of the mention often lacks the attachments of the message: files, forwards, tables.
      ...(isMention ? { supplements: true } : {}),
    };
  }

  /** Events contain data about their writers, which saves a call. */
  function noteWriter(team: string | null, userId: string, message: SlackMessage): void {
    const { user_profile: profile, user_team, team: ofMessage, source_team } = message;
    people.note(team, userId, {
      name: firstName([profile?.display_name, profile?.real_name, profile?.name]),
      team: workspaceOf(user_team, profile?.team, ofMessage, source_team),
    });
  }
}

async function readForward(
  forward: ReturnType<typeof forwardsIn>[number],
  nameOf: (id: string) => Promise<string | null>,
): Promise<MessageReference> {
  const { author_name: name, author_subname: other, author_id: id, channel_id: channel, ts } = forward;
  const [author, text] = await Promise.all([
    firstName([name, other]) ?? (id ? nameOf(id) : null),
    readableText(forwardedText(forward), { nameOf }),
  ]);
  return referenceTo("forward", { channel, ts }, author, text);
}

/** The time of a message. A Slack timestamp names a message and contains its time. */
export function sentAt(ts: string): { sentAt?: Date } {
  return /^\d{1,12}\.\d{1,9}$/.test(ts) ? { sentAt: new Date(Number(ts) * 1000) } : {};
}

/** The known identity, with the event's bot user and app id if the event has them. */
function knownOfUs(identity: SlackIdentity, event: SlackEvent): SlackIdentity {
  return {
    ...identity,
    userId: event.botUserId ?? identity.userId,
    appId: event.appId ?? identity.appId,
  };
}
