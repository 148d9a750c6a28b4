import type { Logger } from "../../core/logger.ts";
import { wait } from "../../core/wait.ts";
import { describeFault } from "./errors.ts";
import type { RestApi } from "./rest-api.ts";

/**
 * Asks Twilio for our account, again and again, ever more rarely, until it answers or the signal aborts.
 * `onTrouble` is told what is wrong, and null when nothing is any more.
 */
export async function checkAccount(
  api: RestApi,
  onTrouble: (words: string | null) => void,
  log: Logger,
  signal: AbortSignal,
): Promise<void> {
  for (let pauseMs = 1_000; !signal.aborted; pauseMs = Math.min(2 * pauseMs, 5 * 60_000)) {
    const result = await api.fetchAccount(signal);
    if (signal.aborted) return;
    if (result.kind === "ok") return onTrouble(null);
    const reason = describeFault(result.fault);
    log.warn({ reason }, "twilio could not be asked for our account");
    onTrouble(reason);
    await wait(pauseMs, signal);
  }
}
