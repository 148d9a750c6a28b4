import type { ChannelRef } from "../core/session/runtime.ts";
import type { Ingest } from "./accept-inbound.ts";
import type { InboundOutcome, InboundRow } from "./inbound-row.ts";
import type { SessionMessage } from "./session-row.ts";

export type SendOutcome<Known> =
  | { kind: "stored"; row: InboundRow; outcome: Extract<InboundOutcome, { kind: "accepted" }> }
  /** An earlier request stored the message. */
  | { kind: "known"; message: Known }
  /** Another message has one of its files. */
  | { kind: "upload_taken" }
  | { kind: "session_gone" }
  /** Every session was completed before the message reached it. */
  | { kind: "not_stored" };

export interface SendSteps<Known> {
  accept: Ingest["acceptMessage"];
  /** The open session that follows a completed one. Null: the session does not exist. */
  successor(sessionId: string): Promise<string | null>;
  /** The message that an earlier request stored under the same key. */
  sentBefore(): Promise<Known | null>;
}

/** The next session may also be completed before the message reaches it. */
const MAX_SESSIONS = 5;

/** Stores a caller's message once. A message to a completed session goes to the session that follows it. */
export async function sendMessage<Known>(
  { accept, successor, sentBefore }: SendSteps<Known>,
  channel: ChannelRef,
  message: SessionMessage,
): Promise<SendOutcome<Known>> {
  let { sessionId } = message;
  for (let sessions = 0; sessions < MAX_SESSIONS; sessions++) {
    const { row, outcome } = await accept(channel, { ...message, sessionId });
    if (outcome.kind === "accepted") return { kind: "stored", row, outcome };
    // A completed session stores nothing, so it cannot tell that it already has the message.
    const known = await sentBefore();
    if (known !== null) return { kind: "known", message: known };
    if (outcome.kind === "upload_taken") return { kind: "upload_taken" };
    if (outcome.kind !== "session_closed") return { kind: "not_stored" };
    const next = await successor(sessionId);
    if (next === null) return { kind: "session_gone" };
    sessionId = next;
  }
  return { kind: "not_stored" };
}
