import { newId } from "../core/ids.ts";
import type { ConversationRef, InboundAttachment, InboundMessage } from "../core/message/channel-event.ts";
import { type KnownMessage, type MessageContext, storedReferences } from "../core/message/message-context.ts";
import { nameLine } from "../core/message/name-line.ts";
import { storableFile } from "../core/message/storable-file.ts";
import { choiceOf } from "../core/message/typed-choices.ts";
import type { ChannelRef } from "../core/session/runtime.ts";
import type { JsonObject } from "../core/text/json.ts";
import { excerpt, storableText } from "../core/text/text.ts";
import { systemClock } from "../core/time/clock.ts";
import type { Gathering, InboundRow } from "./inbound-row.ts";

/** A message whose session the caller names. */
export interface SessionMessage {
  sessionId: string;
  content: string;
  /** Makes repeated sends harmless: the same key is the same message. */
  eventKey: string;
  origin?: "user" | "instruction";
  /**
   * The author of an instruction. Default: an operator or a rule. Models read a visitor's instruction as a user's
   * message.
   */
  by?: "operator" | "visitor";
  /** The payload of the pressed button. The caller has checked that it was offered. */
  payload?: string;
  metadata?: JsonObject;
  /** Files that were uploaded into a session, and belong to this message. */
  uploads?: InboundRow["uploads"];
  /** The header of the call whose trace goes on with this message. */
  traceparent?: string | null;
}

const TITLE_LIMIT = 80;

/** The row of a platform's message. */
export function eventRow(
  channel: ChannelRef,
  event: InboundMessage,
  own: ReadonlyMap<string, KnownMessage>,
): InboundRow {
  const content = storableText(event.text);
  const { externalKey, address, userIdentifier } = event.conversation;
  return toRow(channel, {
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

/** The row of a message whose session the caller names. */
export function sessionRow(channel: ChannelRef, message: SessionMessage): InboundRow {
  const content = storableText(message.content);
  const origin = message.origin ?? originOf(channel, content);
  return toRow(channel, {
    sessionId: message.sessionId,
    externalKey: null,
    address: message.sessionId,
    userIdentifier: "",
    userName: null,
    profile: {},
    origin,
    role: origin === "instruction" && message.by !== "visitor" ? "system" : "user",
    content,
    payload: message.payload,
    metadata: message.metadata ?? {},
    eventKeys: [message.eventKey],
    attachments: [],
    uploads: message.uploads ?? null,
    traceparent: message.traceparent ?? null,
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

/** The content of a row. Its ids and their derived values are created with the row. */
interface Said
  extends Pick<
    InboundRow,
    | "sessionId"
    | "externalKey"
    | "address"
    | "userIdentifier"
    | "userName"
    | "profile"
    | "origin"
    | "role"
    | "content"
    | "metadata"
    | "eventKeys"
    | "uploads"
  > {
  /** Replaces the channel's own agent. */
  agent?: { id: string; version: number } | undefined;
  payload: string | undefined;
  sessionMetadata?: JsonObject | null;
  attachments: readonly InboundAttachment[];
  context?: MessageContext | null;
  replyReference?: string | undefined;
  gathering?: Gathering | null;
  traceparent?: string | null;
  access?: InboundRow["access"];
}

/**
 * Lists every property instead of spreading: copying so many properties one by one was the slowest step of a message.
 */
function toRow(channel: ChannelRef, said: Said): InboundRow {
  const { origin, content, payload } = said;
  const isUser = origin === "user";
  return {
    workspaceId: channel.workspaceId,
    channelId: channel.id,
    agentId: said.agent?.id ?? channel.agentId,
    agentVersion: said.agent?.version ?? channel.agentVersion,
    sessionId: said.sessionId,
    single: channel.sessions === "single",
    externalKey: said.externalKey,
    address: said.address,
    userIdentifier: said.userIdentifier,
    userName: said.userName,
    profile: said.profile,
    messageId: newId(),
    role: said.role,
    origin,
    content,
    // The payload of the message, or else a choice among the session's buttons, which the database looks up.
    payload: payload === undefined ? null : storableText(payload),
    choice: payload === undefined && isUser ? choiceOf(content) : null,
    metadata: said.metadata,
    sessionMetadata: said.sessionMetadata ?? null,
    executionId: origin === "command" ? null : newId(),
    title: isUser ? excerpt(content, TITLE_LIMIT) || null : null,
    eventKeys: said.eventKeys,
    attachments: said.attachments.map((attachment) => ({ ...storableFile(attachment), id: newId() })),
    uploads: said.uploads,
    context: said.context ?? null,
    replyReference: said.replyReference ?? null,
    // A command runs as it came, so it gathers nothing.
    gathering: origin === "command" ? null : (said.gathering ?? null),
    traceparent: said.traceparent ?? null,
    access: said.access ?? null,
    newSessionId: newId(),
    newUserId: newId(),
  };
}

function originOf(channel: ChannelRef, content: string): "user" | "command" {
  return channel.resetCommand && content.trim().toLowerCase() === "/reset" ? "command" : "user";
}
