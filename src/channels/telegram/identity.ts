import type { Api } from "grammy";
import { botIdOf } from "./bot-api.ts";
import type { TelegramConfig } from "./config.ts";

/** The known data of our own bot account. */
export interface BotIdentity {
  /** Our user ids: the one in the token, and the one from Telegram (on Telegram itself they are equal). */
  ids: readonly number[];
  /** The name without the `@`; null until it is known. Only groups need it. */
  username: string | null;
}

export interface IdentitySource {
  current(): BotIdentity;
  /** Asks Telegram for our identity, unless it is known. Parallel calls share one request. Rejects if it fails. */
  learn(signal?: AbortSignal): Promise<BotIdentity>;
}

/** Holds our identity: from the configuration at once, from `getMe` after the first request. */
export function createIdentity(config: TelegramConfig, api: Api): IdentitySource {
  const tokenId = botIdOf(config.token);
  let identity: BotIdentity = {
    ids: tokenId === null ? [] : [tokenId],
    username: config.username?.replace(/^@/, "") ?? null,
  };
  let learned = false;
  let asking: Promise<BotIdentity> | null = null;

  async function ask(signal: AbortSignal | undefined): Promise<BotIdentity> {
    const me = await api.getMe(signal as Parameters<Api["getMe"]>[0]);
    identity = {
      ids: [...new Set([...identity.ids, me.id])],
      username: identity.username ?? me.username ?? null,
    };
    learned = true;
    return identity;
  }

  return {
    current: () => identity,
    async learn(signal) {
      if (learned) return identity;
      asking ??= ask(signal).finally(() => {
        asking = null;
      });
      return asking;
    },
  };
}
