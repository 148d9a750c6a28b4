import type { Logger } from "../../core/logger.ts";
import { wait } from "../../core/wait.ts";
import { describeFault } from "./errors.ts";
import type { Provider } from "./provider.ts";

/**
 * Asks whether our credentials work, again and again, ever more rarely, until they do or the signal aborts.
 * `onTrouble` is told what is wrong, and null when nothing is any more.
 */
export async function checkAccount(
  { check, words }: Pick<Provider, "check" | "words">,
  onTrouble: (words: string | null) => void,
  log: Logger,
  signal: AbortSignal,
): Promise<void> {
  for (let pauseMs = 1_000; !signal.aborted; pauseMs = Math.min(2 * pauseMs, 5 * 60_000)) {
    const fault = await check(signal);
    if (signal.aborted) return;
    if (fault === null) return onTrouble(null);
    const reason = describeFault(fault, words);
    log.warn({ reason, provider: words.name }, "our WhatsApp account could not be asked for");
    onTrouble(reason);
    await wait(pauseMs, signal);
  }
}
