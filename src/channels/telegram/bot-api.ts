import { Api } from "grammy";
import type { TelegramConfig } from "./config.ts";
import { createTransport } from "./transport.ts";

/** Time limit of a call, milliseconds. After it, the outcome is unknown. */
const CALL_TIMEOUT_MS = 15_000;

/** Time for which Telegram holds an empty `getUpdates` open, seconds. 50 is the maximum it allows. */
export const POLL_SECONDS = 50;

export interface BotApi {
  /** Every method except `getUpdates`. */
  calls: Api;
  /** `getUpdates`, which takes long on purpose. */
  polls: Api;
  close(): Promise<void>;
}

/** The Bot API through grammY, on our transport. grammY itself never retries. */
export function createBotApi(config: TelegramConfig): BotApi {
  const transport = createTransport();
  const root = `${config.apiRoot.replace(/\/+$/, "")}/bot${config.token}`;
  const within = (timeoutMs: number) => {
    const api = new Api(config.token);
    api.config.use(transport.answering(root, timeoutMs));
    return api;
  };
  return {
    calls: within(CALL_TIMEOUT_MS),
    polls: within((POLL_SECONDS + 10) * 1000),
    close: () => transport.close(),
  };
}

/** The number before the colon, which names the bot and is not secret; null if a token has none. */
export function botIdOf(token: string): number | null {
  const digits = /^(\d{1,15}):/.exec(token)?.[1];
  return digits === undefined ? null : Number(digits);
}
