import type { Authorize } from "@slack/bolt";
import type { WebClient } from "@slack/web-api";
import type { Logger } from "../../core/process/logger.ts";
import { askAgain, type Trouble } from "../kit/ask-again.ts";
import type { SlackIdentity } from "./addressing.ts";
import { describeFault, readFault } from "./errors.ts";
import { botUserOf } from "./event.ts";

export interface IdentitySource {
  current(): SlackIdentity;
  /**
   * Names the bot user that a body is for. It gives no token: a token may have to be exchanged, and no listener sends.
   */
  authorize: Authorize<boolean>;
  /**
   * Asks Slack for our identity, which also checks the token. It repeats with growing pauses until Slack answers or the
   * signal aborts. `onTrouble` gets the problem, and null when the problem ends.
   */
  learn(onTrouble: (words: string | null) => void, signal: AbortSignal): Promise<void>;
}

/** `client` resolves to null if there are several workspaces. There, every event contains our identity. */
export function createIdentity(client: () => Promise<WebClient | null>, log: Logger): IdentitySource {
  let identity: SlackIdentity = { userId: null, botId: null, appId: null, name: null };
  return {
    current: () => identity,
    async authorize(_source, body) {
      const botUserId = botUserOf(body) ?? identity.userId;
      return botUserId === null ? {} : { botUserId };
    },
    learn: (onTrouble, signal) => askAgain(() => ask(signal), onTrouble, signal),
  };

  async function ask(signal: AbortSignal): Promise<Trouble | null> {
    try {
      const us = await (await client())?.auth.test();
      if (us === undefined) return null;
      identity = {
        ...identity,
        userId: us.user_id ?? null,
        botId: us.bot_id ?? null,
        name: us.user ?? null,
      };
      return null;
    } catch (error) {
      if (signal.aborted) return null;
      const fault = readFault(error);
      const words = describeFault(fault);
      log.warn({ reason: words }, "could not ask Slack for our own user");
      return fault.kind === "rate_limited" ? { words, waitMs: fault.retryAfterMs } : { words };
    }
  }
}
