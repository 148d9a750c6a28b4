import type { Logger } from "../../core/logger.ts";
import { describeFault } from "./errors.ts";
import { messageIdOf } from "./inbound.ts";
import type { Provider } from "./provider.ts";

/** WhatsApp takes the indicator down after 25 seconds, or when a reply comes. */
export const TYPING_REFRESH_MS = 20_000;

export interface TypingDeps {
  provider: Pick<Provider, "showTyping" | "words">;
  /** The event keys of the message that the user at an address wrote last. Rejects while the database is away. */
  lastEventKeys(address: string): Promise<readonly string[]>;
  log: Logger;
}

/** Shows "typing…" under the user's last message, which also marks it read: WhatsApp wants to know which one it is. */
export function createTyping({ provider, lastEventKeys, log }: TypingDeps) {
  return async function typing(address: string, signal: AbortSignal): Promise<void> {
    const keys = await lastEventKeys(address).catch(() => []);
    const [messageId] = keys.flatMap((key) => messageIdOf(key) ?? []);
    if (messageId === undefined || signal.aborted) return;
    const fault = await provider.showTyping(messageId, signal);
    if (fault !== null && !signal.aborted)
      log.debug({ reason: describeFault(fault, provider.words) }, "typing not shown");
  };
}
