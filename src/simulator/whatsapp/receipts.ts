import type { World } from "../world.ts";
import { addMessage, type Chat, obstacle, type Receipt, type StoredMessage } from "./line.ts";
import type { Failure, ProviderEvents } from "./provider.ts";

const LADDER: readonly Receipt[] = ["sent", "delivered", "read"];
const VOICE_LADDER: readonly Receipt[] = [...LADDER, "played"];
/** The pause between two reports, milliseconds. */
const STEP_MS = 30;

/** Brings an accepted message to the user's phone and reports each step, or reports why it failed. */
export function deliver(
  world: World,
  events: ProviderEvents,
  chat: Chat,
  message: StoredMessage,
  failures: Record<"unreachable" | "window", Failure>,
): void {
  const why = obstacle(world, chat, message);
  addMessage(chat, message);
  message.receipt = why === null ? "sent" : "failed";
  if (why === null) chat.typingUntil = 0;
  world.changed();
  if (why !== null) {
    world.after(STEP_MS, () => events.status(chat, message, "failed", failures[why]));
    return;
  }
  const isVoice = message.file?.contentType.startsWith("audio/") ?? false;
  for (const [index, receipt] of (isVoice ? VOICE_LADDER : LADDER).entries())
    world.after(STEP_MS * (index + 1), () => {
      message.receipt = receipt;
      events.status(chat, message, receipt, null);
      world.changed();
    });
}
