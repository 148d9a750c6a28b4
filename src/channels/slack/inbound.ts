import { kindOfType } from "../../core/attachment.ts";
import type { ChannelEvent, InboundAttachment, InboundMessage } from "../../core/channel-event.ts";
import { RequestError } from "../../core/errors.ts";
import type { Logger } from "../../core/logger.ts";
import type { ChannelOptions, KnownConversation } from "../channel.ts";
import { toAddress } from "./address.ts";
import { addressingOf, barredBecause, isDirect, type SlackIdentity, withoutMention } from "./addressing.ts";
import type { SlackBody, SlackMessage } from "./event.ts";
import { toFileId } from "./files.ts";
import type { People } from "./people.ts";
import { readableText } from "./text.ts";

export type FindConversation = NonNullable<ChannelOptions<unknown>["findConversation"]>;

export interface InboundDeps {
  /** Whether events come from several workspaces, so that ids count in one of them only. */
  isShared: boolean;
  identity(): SlackIdentity;
  findConversation: FindConversation;
  people: People;
  /** The agent for a conversation that begins with this text; null for the channel's own. */
  route(channel: string, text: string): string | null;
  log: Logger;
}

type SlackEvent = Extract<SlackBody, { kind: "event" }>;

/** Turns events into messages; none means that the event is acknowledged and nothing else. */
export function createInbound(deps: InboundDeps) {
  const { log } = deps;

  return async function readEvent(event: SlackEvent): Promise<ChannelEvent[]> {
    const { message, eventId } = event;
    const ignore = (reason: string): ChannelEvent[] => {
      log.debug({ eventId, reason }, "slack event ignored");
      return [];
    };
    const us = knownOfUs(deps.identity(), event);
    const barred = barredBecause(message, us);
    if (barred !== null) return ignore(barred);
    const addressing = addressingOf(message, us);
    if (addressing.kind === "not_for_us") return ignore("not addressed to us");
    const team = deps.isShared ? event.team : null;
    const conversation = toAddress(team, message.channel, message.thread_ts ?? message.ts);
    // A message that begins a thread cannot belong to one, and needs no question.
    const known = message.thread_ts === undefined ? null : await find(conversation);
    if (addressing.kind === "if_known_thread" && known === null) return ignore("a thread of others");
    const text = withoutMention(message.text ?? "", us);
    if (text === "" && (message.files ?? []).length === 0) {
      log.info({ eventId, channelId: message.channel }, "slack message without text or file ignored");
      return [];
    }
    return [await toMessage({ ...event, team }, text, conversation, known)];
  };

  async function find(conversation: string): Promise<KnownConversation | null> {
    try {
      return await deps.findConversation(conversation);
    } catch (cause) {
      // Not knowing whether a thread is ours must not lose a message of it: Slack sends the event again.
      throw new RequestError(503, "threads_unknown", "Threads cannot be looked up. Send the event again.", {
        headers: { "Retry-After": "5" },
        cause,
      });
    }
  }

  async function toMessage(
    { message, eventId, team }: SlackEvent,
    text: string,
    conversation: string,
    known: KnownConversation | null,
  ): Promise<InboundMessage> {
    const userId = message.user ?? "";
    const userIdentifier = team === null ? userId : `${team}/${userId}`;
    const nameOf = (id: string) => deps.people.nameOf(team, id);
    const [name, readable] = await Promise.all([nameOf(userId), readableText(text, { nameOf })]);
    // The bot knows whose session it is; that somebody else speaks has to be said.
    const isGuest = known !== null && known.userIdentifier !== userIdentifier;
    const agent = known?.agent ?? deps.route(message.channel, readable);
    const attachments = (message.files ?? []).map((file) => attachment(team, file));
    return {
      type: "message",
      // A mention in a channel comes as two events with one timestamp.
      eventKeys: [`event:${eventId}`, `message:${message.channel}:${message.ts}`],
      conversation: { address: conversation, userIdentifier, externalId: conversation },
      ...(agent === null ? {} : { agent }),
      ...(name === null ? {} : { userName: name }),
      profile: { chat_type: isDirect(message) ? "im" : (message.channel_type ?? "channel") },
      text: isGuest ? `${name ?? userId}: ${readable}` : readable,
      ...(attachments.length === 0 ? {} : { attachments }),
    };
  }
}

/** What this event says about us counts where nothing else has said it yet. */
function knownOfUs(identity: SlackIdentity, event: SlackEvent): SlackIdentity {
  return {
    ...identity,
    userId: event.botUserId ?? identity.userId,
    appId: event.appId ?? identity.appId,
  };
}

function attachment(
  team: string | null,
  file: NonNullable<SlackMessage["files"]>[number],
): InboundAttachment {
  return {
    kind: kindOfType(file.mimetype),
    platformId: toFileId(team, file.id),
    ...(file.name == null ? {} : { name: file.name }),
    ...(file.mimetype == null ? {} : { contentType: file.mimetype }),
    ...(file.size == null ? {} : { bytes: file.size }),
  };
}
