import type { Logger } from "../../core/logger.ts";
import { describeFault } from "./errors.ts";
import type { Recent } from "./recent.ts";
import type { RestApi } from "./rest-api.ts";

/** WhatsApp takes the indicator down after 25 seconds, or when a reply comes. */
export const TYPING_REFRESH_MS = 20_000;

export interface TypingDeps {
  api: RestApi;
  /** The id of the message each address last wrote, as far as this process received it. */
  lastMessages: Recent;
  log: Logger;
}

/**
 * Shows "typing…" under the user's last message, which also marks it read. WhatsApp wants to know which message that is,
 * so nothing is shown where another process received it.
 */
export function createTyping({ api, lastMessages, log }: TypingDeps) {
  return async function typing(address: string, signal: AbortSignal): Promise<void> {
    const messageSid = lastMessages.get(address);
    if (messageSid === undefined || signal.aborted) return;
    const result = await api.showTyping(messageSid, signal);
    if (result !== null && !signal.aborted) log.debug({ reason: describeFault(result) }, "typing not shown");
  };
}
