import type { MessageReference } from "../../core/message/inbound-message.ts";
import type { JsonObject } from "../../core/text/json.ts";

/** A place that a user shared. */
export interface Place {
  latitude: number;
  longitude: number;
  name?: string | undefined;
  address?: string | undefined;
}

/** A place as text. `words` stand before it. */
export function placeText({ latitude, longitude, name, address }: Place, words?: string): string {
  const all = [words, name, address, `${latitude}, ${longitude}`].map((each) => each?.trim());
  return `[location] ${[...new Set(all)].filter((word) => word).join(", ")}`;
}

/** A place as data. */
export function placeDetails({ latitude, longitude, name, address }: Place): JsonObject {
  return { location: { latitude, longitude, name: name ?? null, address: address ?? null } };
}

/** A reaction of a user to a message. */
export interface Reaction {
  emoji: string;
  /** The provider's id of the message. */
  messageId: string | undefined;
}

/** A reaction as text, as data, and with its message. */
export function readReaction({ emoji, messageId }: Reaction) {
  const references: MessageReference[] =
    messageId === undefined ? [] : [{ kind: "reply", externalId: messageId }];
  return {
    text: `[reaction] ${emoji}`,
    details: { reaction: { emoji, message_id: messageId ?? null } } satisfies JsonObject,
    references,
  };
}
