import type { Logger } from "../../core/process/logger.ts";
import { askAgain } from "../kit/ask-again.ts";
import type { AccessTokens } from "./access-token.ts";
import { describeTokenFault } from "./errors.ts";

export interface IntroductionDeps {
  tokens: AccessTokens;
  /** Reports the current problem, or null when it is solved. */
  report(words: string | null): void;
  log: Logger;
}

/** Requests the first token, which shows that the credentials work. See `askAgain`. */
export function introduce({ tokens, report, log }: IntroductionDeps, signal: AbortSignal): Promise<void> {
  const ask = async () => {
    const answer = await tokens.current();
    if (answer.kind === "token" || signal.aborted) return null;
    const words = describeTokenFault(answer.fault);
    log.warn({ reason: words }, "no access token for sureadhere");
    return { words };
  };
  return askAgain(ask, report, signal);
}
