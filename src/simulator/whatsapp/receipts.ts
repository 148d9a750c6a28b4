import type { Chat, Failure, Receipt, StoredMessage } from "../line/line.ts";
import { deliver } from "../line/receipts.ts";
import type { World } from "../world.ts";
import type { ProviderEvents } from "./provider.ts";

const LADDER: readonly Receipt[] = ["sent", "delivered", "read"];
const VOICE_LADDER: readonly Receipt[] = [...LADDER, "played"];
const WINDOW_MS = 24 * 60 * 60_000;

/** Brings an accepted message to the user's WhatsApp and reports each step, or reports why it failed. */
export function deliverToWhatsapp(
  world: World,
  events: ProviderEvents,
  chat: Chat,
  message: StoredMessage,
  failures: Record<"unreachable" | "window", Failure>,
): void {
  const why = obstacle(world, chat, message);
  const isVoice = message.file?.contentType.startsWith("audio/") ?? false;
  deliver({
    world,
    chat,
    message,
    failure: why && failures[why],
    ladder: isVoice ? VOICE_LADDER : LADDER,
    report: (receipt, failure) => events.status(chat, message, receipt, failure),
  });
}

/** The reason why a message is not delivered; null: it is. */
function obstacle(world: World, chat: Chat, { isTemplate }: StoredMessage): "unreachable" | "window" | null {
  if (chat.isBlocked || world.faults.blocks("whatsapp", chat.number)) return "unreachable";
  return isTemplate || isOpen(chat, world.clock.now()) ? null : "window";
}

/** True within 24 hours of the user's newest message. */
function isOpen({ lastWroteAt }: Chat, now: number): boolean {
  return lastWroteAt !== null && now - lastWroteAt < WINDOW_MS;
}
