import type { Answered } from "../../core/message/outbound.ts";
import type { PendingMessage } from "../lanes/pending-messages-repository.ts";

/** The data for a channel about the messages that a turn answers. Null if none of them came through a channel. */
export function answeredBy(messages: readonly PendingMessage[]): Answered | null {
  const eventKeys = messages.flatMap((message) => message.eventKeys);
  if (eventKeys.length === 0) return null;
  const replyReference = messages.findLast((message) => message.replyReference !== null)?.replyReference;
  return { eventKeys, ...(replyReference == null ? {} : { replyReference }) };
}
