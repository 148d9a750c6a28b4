import type { ConversationRef, InboundMessage } from "../core/message/inbound-message.ts";
import { type KnownMessage, type MessageContext, storedReferences } from "../core/message/message-context.ts";
import { nameLine } from "../core/message/name-line.ts";
import type { ChannelRef } from "../core/session/runtime.ts";
import { storableText } from "../core/text/text.ts";
import { systemClock } from "../core/time/clock.ts";
import type { Gathering, InboundRow } from "./inbound-row.ts";
import { newRow, originOf } from "./new-row.ts";

/** The row of a platform's message. */
export function eventRow(
  channel: ChannelRef,
  event: InboundMessage,
  own: ReadonlyMap<string, KnownMessage>,
): InboundRow {
  const content = storableText(event.text);
  const { externalKey, address, userIdentifier } = event.conversation;
  return newRow(channel, {
    // An agent removed from the configuration cannot answer any more. Then the channel's own agent answers.
    agent: event.agent === undefined ? undefined : channel.agents?.get(event.agent),
    sessionId: null,
    externalKey,
    address,
    userIdentifier,
    userName: event.userName ? storableText(event.userName) : null,
    profile: event.profile ?? {},
    // An edit changes words only, so it runs no command.
    origin: event.edits ? "user" : originOf(channel, content),
    role: "user",
    content,
    payload: event.payload,
    metadata:
      event.details === undefined ? (event.metadata ?? {}) : { ...event.metadata, details: event.details },
    sessionMetadata: event.metadata ?? null,
    eventKeys: event.eventKeys,
    attachments: event.attachments ?? [],
    uploads: null,
    context: contextOf(event, own),
    replyReference: event.replyReference,
    gathering: gatheringOf(event),
    // An edit changes only a message that is stored or held, so nothing is decided about its sender.
    access: event.edits ? null : accessOf(channel, event),
  });
}

/** The names by which a conversation may have access. */
export function namesOf({ userIdentifier, aliases = [], partOf }: ConversationRef): string[] {
  return [userIdentifier, ...aliases, ...(partOf === undefined ? [] : [partOf])];
}

/** The names by which the sender may have access. In a group these are the group, its topic and the writer. */
function accessOf({ access }: ChannelRef, { conversation, author }: InboundMessage): InboundRow["access"] {
  if (access === undefined) return null;
  return {
    settings: access,
    names: [...namesOf(conversation), ...(author === undefined ? [] : [author.identifier])],
  };
}

function contextOf(event: InboundMessage, own: ReadonlyMap<string, KnownMessage>): MessageContext | null {
  const { author, sentAt, references } = event;
  if (author === undefined && sentAt === undefined && references === undefined) return null;
  return {
    author: author === undefined ? null : authorOf(author),
    sentAt: sentAt === undefined ? null : credibleTime(sentAt),
    references: references === undefined ? [] : storedReferences(references, own),
  };
}

/** A message cannot be from the future: a clock ahead of ours must not change its order, nor keep a window open. */
function credibleTime(sentAt: Date): Date | null {
  const now = systemClock.now();
  if (sentAt > now) return now;
  return sentAt.getTime() > 0 ? sentAt : null;
}

function authorOf({ identifier, name }: NonNullable<InboundMessage["author"]>): MessageContext["author"] {
  return { identifier, name: nameLine(name ?? "") || null };
}

function gatheringOf({
  albumKey,
  onlyWithAlbum,
  supplements,
  edits,
  conversation,
}: InboundMessage): Gathering | null {
  if (albumKey === undefined && !supplements && edits === undefined) return null;
  return {
    albumKey: albumKey === undefined ? null : storableText(`${conversation.address}/${albumKey}`),
    onlyWithAlbum: onlyWithAlbum ?? false,
    supplements: supplements ?? false,
    edits: edits ?? false,
  };
}
