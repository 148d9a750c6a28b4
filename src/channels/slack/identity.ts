import type { WebClient } from "@slack/web-api";
import { createBackoff } from "../../core/backoff.ts";
import type { Logger } from "../../core/logger.ts";
import type { SlackIdentity } from "./addressing.ts";
import { describeFault, readFault } from "./errors.ts";

export interface IdentitySource {
  current(): SlackIdentity;
  /**
   * Asks Slack who we are, which also shows whether the token works; again and again, ever more rarely, until it is
   * known or the signal aborts. `onTrouble` is told what is wrong, and null when nothing is any more.
   */
  learn(onTrouble: (words: string | null) => void, signal: AbortSignal): Promise<void>;
}

/** `client` resolves to null where there are several workspaces: there every event says who we are. */
export function createIdentity(client: () => Promise<WebClient | null>, log: Logger): IdentitySource {
  let identity: SlackIdentity = { userId: null, botId: null, appId: null, name: null };
  return {
    current: () => identity,
    async learn(onTrouble, signal) {
      const backoff = createBackoff(5 * 60_000, signal);
      while (!signal.aborted) {
        try {
          const asked = await client();
          if (asked === null) return onTrouble(null);
          const us = await asked.auth.test();
          identity = {
            ...identity,
            userId: us.user_id ?? null,
            botId: us.bot_id ?? null,
            name: us.user ?? null,
          };
          onTrouble(null);
          return;
        } catch (error) {
          if (signal.aborted) return;
          const fault = readFault(error);
          log.warn({ reason: describeFault(fault) }, "slack could not be asked who we are");
          onTrouble(describeFault(fault));
          await backoff.wait(fault.kind === "rate_limited" ? fault.retryAfterMs : 0);
        }
      }
    },
  };
}
