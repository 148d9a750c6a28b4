import { z } from "zod";
import type { MessageReference } from "../../core/message/inbound-message.ts";
import type { JsonObject } from "../../core/text/json.ts";

/** Degrees. Some providers and gateways send them as text. */
const degrees = (most: number) =>
  z
    .union([
      z.number(),
      z
        .string()
        .trim()
        .regex(/^[+-]?\d+(\.\d+)?$/)
        .transform(Number),
    ])
    .pipe(z.number().min(-most).max(most));
const text = z.string().min(1).optional().catch(undefined);

/** A place that a user shared. */
export const placeSchema = z.object({
  latitude: degrees(90),
  longitude: degrees(180),
  name: text,
  address: text,
});
export type Place = z.output<typeof placeSchema>;

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
