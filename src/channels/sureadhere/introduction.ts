import { createBackoff } from "../../core/backoff.ts";
import type { Logger } from "../../core/logger.ts";
import type { AccessTokens } from "./access-token.ts";
import { describeTokenFault } from "./errors.ts";

const LONGEST_WAIT_MS = 5 * 60_000;

export interface IntroductionDeps {
  tokens: AccessTokens;
  /** Told what is wrong, and null when nothing is any more. */
  report(words: string | null): void;
  log: Logger;
}

/**
 * Asks for the first token, which shows whether the credentials work; again and again, ever more rarely, until there is
 * one or the signal aborts.
 */
export async function introduce(
  { tokens, report, log }: IntroductionDeps,
  signal: AbortSignal,
): Promise<void> {
  const backoff = createBackoff(LONGEST_WAIT_MS, signal);
  while (!signal.aborted) {
    const answer = await tokens.current();
    if (signal.aborted) return;
    if (answer.kind === "token") return report(null);
    const words = describeTokenFault(answer.fault);
    log.warn({ reason: words }, "no access token for sureadhere");
    report(words);
    await backoff.wait();
  }
}
