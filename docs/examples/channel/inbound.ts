import { z } from "zod";
import type { Received } from "../../../src/channels/channel-webhook.ts";
import { reject } from "../../../src/channels/webhook-request.ts";

const eventSchema = z.object({ id: z.string().min(1), type: z.string() });
const messageSchema = eventSchema.extend({
  from: z.object({ id: z.string().min(1), name: z.string().optional(), isBot: z.boolean().default(false) }),
  text: z.string(),
});

/** Converts an event of Pebble to our events. An unknown type is acknowledged and gives none. */
export function readEvent(json: unknown): Received {
  const event = eventSchema.safeParse(json);
  if (!event.success) return reject(400, "not_an_event", "the body is not an event of Pebble");
  if (event.data.type !== "message") return { kind: "accepted", events: [] };
  const message = messageSchema.safeParse(json);
  if (!message.success) return reject(400, "not_a_message", "the message has no sender or no text");
  const { id, from, text } = message.data;
  // An answer to a bot, or to ourselves, could go on for ever.
  if (from.isBot || text.trim() === "") return { kind: "accepted", events: [] };
  return {
    kind: "accepted",
    events: [
      {
        type: "message",
        // The platform's own id. A repeated event has the same key, and is answered once.
        eventKeys: [`message:${id}`],
        conversation: { address: from.id, userIdentifier: from.id, externalKey: null },
        ...(from.name === undefined ? {} : { userName: from.name }),
        text,
      },
    ],
  };
}
