import type { ChannelEvent } from "../../core/message/channel-event.ts";
import type { Received } from "../channel-webhook.ts";

/** A request that cannot be read now. The platform is asked to send it again. */
export type Later = Extract<Received, { kind: "later" }>;

/** The offered buttons cannot be read, because the database is away. */
export function buttonsUnknown(cause: unknown): Later {
  return { kind: "later", reason: "What was offered cannot be looked up.", cause };
}

export function isLater(found: object | null): found is Later {
  return found !== null && "kind" in found && found.kind === "later";
}

/** The result of a webhook request. */
export function receivedOf(
  events: ChannelEvent[] | Later,
): Extract<Received, { kind: "accepted" | "later" }> {
  return isLater(events) ? events : { kind: "accepted", events };
}
