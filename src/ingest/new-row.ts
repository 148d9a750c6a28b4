import { newId } from "../core/ids.ts";
import type { InboundAttachment } from "../core/message/inbound-message.ts";
import type { MessageContext } from "../core/message/message-context.ts";
import { storableFile } from "../core/message/storable-file.ts";
import { choiceOf } from "../core/message/typed-choices.ts";
import type { ChannelRef } from "../core/session/runtime.ts";
import type { JsonObject } from "../core/text/json.ts";
import { excerpt, storableText } from "../core/text/text.ts";
import type { Gathering, InboundRow } from "./inbound-row.ts";

const TITLE_LIMIT = 80;

/** The content of a row. Its ids and their derived values are created with the row. */
export interface RowContent
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
 * A row with its ids.
 * Lists every property instead of spreading: copying so many properties one by one was the slowest step of a message.
 */
export function newRow(channel: ChannelRef, row: RowContent): InboundRow {
  const { origin, content, payload } = row;
  const isUser = origin === "user";
  return {
    workspaceId: channel.workspaceId,
    channelId: channel.id,
    agentId: row.agent?.id ?? channel.agentId,
    agentVersion: row.agent?.version ?? channel.agentVersion,
    sessionId: row.sessionId,
    single: channel.sessions === "single",
    externalKey: row.externalKey,
    address: row.address,
    userIdentifier: row.userIdentifier,
    userName: row.userName,
    profile: row.profile,
    messageId: newId(),
    role: row.role,
    origin,
    content,
    // The payload of the message, or else a choice among the session's buttons, which the database looks up.
    payload: payload === undefined ? null : storableText(payload),
    choice: payload === undefined && isUser ? choiceOf(content) : null,
    metadata: row.metadata,
    sessionMetadata: row.sessionMetadata ?? null,
    executionId: origin === "command" ? null : newId(),
    title: isUser ? excerpt(content, TITLE_LIMIT) || null : null,
    eventKeys: row.eventKeys,
    attachments: row.attachments.map((attachment) => ({ ...storableFile(attachment), id: newId() })),
    uploads: row.uploads,
    context: row.context ?? null,
    replyReference: row.replyReference ?? null,
    // A command runs as it came, so it gathers nothing.
    gathering: origin === "command" ? null : (row.gathering ?? null),
    traceparent: row.traceparent ?? null,
    access: row.access ?? null,
    newSessionId: newId(),
    newUserId: newId(),
  };
}

/** A command runs instead of a turn. */
export function originOf(channel: ChannelRef, content: string): "user" | "command" {
  return channel.resetCommand && content.trim().toLowerCase() === "/reset" ? "command" : "user";
}
