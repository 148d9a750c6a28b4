import type { Logger } from "../../core/process/logger.ts";
import { describeFault } from "../kit/api-fault.ts";
import { askAgain } from "../kit/ask-again.ts";
import type { Provider } from "./provider.ts";

/** Checks our credentials until they work or the signal aborts. See `askAgain`. */
export function checkAccount(
  { check, words }: Pick<Provider, "check" | "words">,
  onTrouble: (words: string | null) => void,
  log: Logger,
  signal: AbortSignal,
): Promise<void> {
  const ask = async () => {
    const fault = await check(signal);
    if (fault === null || signal.aborted) return null;
    const reason = describeFault(fault, words);
    log.warn({ reason, provider: words.name }, "could not ask for our WhatsApp account");
    return { words: reason };
  };
  return askAgain(ask, onTrouble, signal);
}
