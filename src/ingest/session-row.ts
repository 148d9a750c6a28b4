import type { ChannelRef } from "../core/session/runtime.ts";
import type { JsonObject } from "../core/text/json.ts";
import { storableText } from "../core/text/text.ts";
import type { InboundRow } from "./inbound-row.ts";
import { newRow, originOf } from "./new-row.ts";

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

/** The row of a message whose session the caller names. */
export function sessionRow(channel: ChannelRef, message: SessionMessage): InboundRow {
  const content = storableText(message.content);
  const origin = message.origin ?? originOf(channel, content);
  return newRow(channel, {
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
