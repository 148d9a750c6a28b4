import type { Logger } from "../../core/process/logger.ts";
import { describeFault } from "../kit/api-fault.ts";
import { messageIdOf } from "./inbound.ts";
import type { Provider } from "./provider.ts";

/** WhatsApp removes the indicator after 25 seconds, or when a reply comes. */
export const TYPING_REFRESH_MS = 20_000;

export interface TypingDeps {
  provider: Pick<Provider, "showTyping" | "words">;
  /** The event keys of the last message from the user at an address. Rejects during a database outage. */
  lastEventKeys(address: string): Promise<readonly string[]>;
  log: Logger;
}

/** Shows "typing…" for the user's last message, which also marks it as read. WhatsApp needs the id of that message. */
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
