import type { ChannelEvent, InboundAttachment, InboundMessage } from "../core/channel-event.ts";
import { safeFileName } from "../core/file-name.ts";
import { newId } from "../core/ids.ts";
import type { JsonObject } from "../core/json.ts";
import { choiceOf } from "../core/offer.ts";
import type { ChannelRef } from "../core/runtime.ts";
import { excerpt, storableText } from "../core/text.ts";
import type { InboundOutcome, InboundRow } from "./inbound-repository.ts";

export interface IngestDeps {
  /** Stores one message, committed together with whatever else waits. */
  store(row: InboundRow): Promise<InboundOutcome>;
  /** Who it is that the platform calls by these names: what the user is known by here. */
  identify(channel: ChannelRef, names: readonly [string, ...string[]]): Promise<string>;
  onReceipt(channel: ChannelRef, receipt: Extract<ChannelEvent, { type: "receipt" }>): Promise<void>;
  onAddressChange(
    channel: ChannelRef,
    change: Extract<ChannelEvent, { type: "address_change" }>,
  ): Promise<void>;
  onStop(channel: ChannelRef, stop: Extract<ChannelEvent, { type: "stop" }>): Promise<void>;
  onReachability(channel: ChannelRef, change: Extract<ChannelEvent, { type: "reachability" }>): Promise<void>;
  onOutcome(channel: ChannelRef, row: InboundRow, outcome: InboundOutcome): void;
}

export interface Ingest {
  /** Stores what a platform sent, in order; resolves once it is committed. Repeated events change nothing. */
  acceptEvents(channel: ChannelRef, events: readonly ChannelEvent[]): Promise<void>;
  /** Stores a message into a session named by id (web, api). */
  acceptMessage(
    channel: ChannelRef,
    message: SessionMessage,
  ): Promise<{ row: InboundRow; outcome: InboundOutcome }>;
}

/** A message whose session the caller names. */
export interface SessionMessage {
  sessionId: string;
  content: string;
  /** Makes repeated sending harmless: the same key is the same message. */
  eventKey: string;
  origin?: "user" | "instruction";
  /** What the pressed button carries; the caller has seen to it that it was offered. */
  payload?: string;
  metadata?: JsonObject;
  /** Files that were uploaded into a session, and go with this message. */
  uploads?: InboundRow["uploads"];
}

const TITLE_LIMIT = 80;

/** From a platform's event to a committed row. */
export function createIngest(deps: IngestDeps): Ingest {
  async function acceptOne(channel: ChannelRef, event: ChannelEvent): Promise<void> {
    switch (event.type) {
      case "message": {
        const row = eventRow(channel, event);
        deps.onOutcome(channel, row, await deps.store(row));
        return;
      }
      case "receipt":
        return deps.onReceipt(channel, event);
      case "address_change":
        return deps.onAddressChange(channel, event);
      case "stop":
        return deps.onStop(channel, event);
      case "reachability":
        return deps.onReachability(channel, event);
      default:
        return assertNever(event);
    }
  }

  /** The same message of the user as they are known here. */
  async function identified(channel: ChannelRef, event: ChannelEvent): Promise<ChannelEvent> {
    if (event.type !== "message" || event.conversation.aliases === undefined) return event;
    const { userIdentifier, aliases } = event.conversation;
    const known = await deps.identify(channel, [userIdentifier, ...aliases]);
    const address = event.conversation.address === userIdentifier ? known : event.conversation.address;
    return { ...event, conversation: { ...event.conversation, userIdentifier: known, address } };
  }

  return {
    async acceptEvents(channel, events) {
      const known = events.some(comesUnderSeveralNames)
        ? await Promise.all(events.map((event) => identified(channel, event)))
        : events;
      // Submitted in order; messages of one conversation share a writer, which keeps that order.
      await Promise.all(known.map((event) => acceptOne(channel, event)));
    },
    async acceptMessage(channel, message) {
      const content = storableText(message.content);
      const origin = message.origin ?? originOf(channel, content);
      const row = toRow(channel, {
        sessionId: message.sessionId,
        externalId: null,
        address: message.sessionId,
        userIdentifier: "",
        userName: null,
        profile: {},
        origin,
        content,
        payload: message.payload,
        metadata: message.metadata ?? {},
        eventKeys: [message.eventKey],
        attachments: [],
        uploads: message.uploads ?? null,
      });
      const outcome = await deps.store(row);
      deps.onOutcome(channel, row, outcome);
      return { row, outcome };
    },
  };
}

function comesUnderSeveralNames(event: ChannelEvent): boolean {
  return event.type === "message" && event.conversation.aliases !== undefined;
}

function eventRow(channel: ChannelRef, event: InboundMessage): InboundRow {
  const content = storableText(event.text);
  const { externalId, address, userIdentifier } = event.conversation;
  return toRow(channel, {
    // An agent that left the configuration cannot answer any more: then the channel's own does.
    agent: event.agent === undefined ? undefined : channel.agents?.get(event.agent),
    sessionId: null,
    externalId,
    address,
    userIdentifier,
    userName: event.userName ? storableText(event.userName) : null,
    profile: event.profile ?? {},
    origin: originOf(channel, content),
    content,
    payload: event.payload,
    metadata: {},
    eventKeys: event.eventKeys,
    attachments: event.attachments ?? [],
    uploads: null,
  });
}

/** What a row says; its ids and what follows from these are made with it. */
interface Said
  extends Pick<
    InboundRow,
    | "sessionId"
    | "externalId"
    | "address"
    | "userIdentifier"
    | "userName"
    | "profile"
    | "origin"
    | "content"
    | "metadata"
    | "eventKeys"
    | "uploads"
  > {
  /** Instead of the channel's own. */
  agent?: { id: string; version: number } | undefined;
  payload: string | undefined;
  attachments: readonly InboundAttachment[];
}

/** Spelled out, not spread: taking over so many properties one by one was the slowest thing a message met. */
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
    externalId: said.externalId,
    address: said.address,
    userIdentifier: said.userIdentifier,
    userName: said.userName,
    profile: said.profile,
    messageId: newId(),
    role: origin === "instruction" ? "system" : "user",
    origin,
    content,
    // What came with the message, or else what it may choose of the session's offer: the database knows that.
    payload: payload === undefined ? null : storableText(payload),
    choice: payload === undefined && isUser ? choiceOf(content) : null,
    metadata: said.metadata,
    executionId: origin === "command" ? null : newId(),
    title: isUser ? excerpt(content, TITLE_LIMIT) || null : null,
    eventKeys: said.eventKeys,
    attachments: said.attachments.map((attachment) => ({ ...storableFile(attachment), id: newId() })),
    uploads: said.uploads,
    newSessionId: newId(),
    newUserId: newId(),
  };
}

function originOf(channel: ChannelRef, content: string): "user" | "command" {
  return channel.resetCommand && content.trim().toLowerCase() === "/reset" ? "command" : "user";
}

/** What a platform says about a file comes from its sender: names and sizes of any kind. */
function storableFile(attachment: InboundAttachment): InboundAttachment {
  const { kind, platformId, name, contentType, bytes } = attachment;
  const safeName = name === undefined ? null : safeFileName(name);
  return {
    kind,
    platformId: storableText(platformId),
    ...(safeName === null ? {} : { name: safeName }),
    ...(contentType === undefined ? {} : { contentType: storableText(contentType).slice(0, 200) }),
    ...(bytes !== undefined && Number.isSafeInteger(bytes) && bytes >= 0 ? { bytes } : {}),
  };
}

function assertNever(value: never): never {
  throw new Error(`unhandled channel event: ${JSON.stringify(value)}`);
}
