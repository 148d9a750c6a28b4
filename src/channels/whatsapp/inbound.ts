import type { InboundAttachment, InboundMessage } from "../../core/channel-event.ts";
import type { JsonObject } from "../../core/json.ts";

/** What a provider read from a message, in its own notation no more. */
export interface ReadMessage {
  /** The provider's id of it. */
  id: string;
  /** Who wrote it, as an address (`whatsapp:…`). */
  sender: string;
  /** Other addresses of theirs, where a provider has several names for one person. */
  aliases?: string[];
  userName: string | undefined;
  profile: JsonObject;
  /** What was written, pressed or chosen; empty where there are only attachments. */
  text: string;
  attachments: InboundAttachment[];
  /** What a pressed button or a chosen line carries. */
  payload: string | undefined;
}

const KEY = "message:";

/** The normal form of a message; null where there is nothing in it. */
export function toInboundMessage(read: ReadMessage): InboundMessage | null {
  const { text, attachments, userName, payload } = read;
  if (text.trim() === "" && attachments.length === 0) return null;
  return {
    type: "message",
    eventKeys: [KEY + read.id],
    // Opaque: usually a phone number, but WhatsApp also has ids that are none.
    conversation: {
      address: read.sender,
      userIdentifier: read.sender,
      ...(read.aliases === undefined ? {} : { aliases: read.aliases }),
      externalId: null,
    },
    ...(userName === undefined ? {} : { userName }),
    profile: read.profile,
    text,
    ...(attachments.length === 0 ? {} : { attachments }),
    ...(payload === undefined ? {} : { payload }),
  };
}

/** The provider's id of the message an event key stands for; null for a key that is not of a message. */
export function messageIdOf(eventKey: string): string | null {
  return eventKey.startsWith(KEY) ? eventKey.slice(KEY.length) : null;
}

/** A place as words. */
export function placeText(
  place: { latitude: number | string; longitude: number | string },
  names: readonly (string | undefined)[],
): string {
  const words = [...names, `${place.latitude}, ${place.longitude}`].map((name) => name?.trim());
  return `[location] ${[...new Set(words)].filter((word) => word).join(", ")}`;
}
