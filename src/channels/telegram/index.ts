import { type Channel, defineChannel } from "../channel.ts";
import { type TelegramConfig, telegramConfigSchema } from "./config.ts";
import { BUTTON_SUPPORT } from "./keyboard.ts";
import { split, TEXT_LIMIT, TYPING_REFRESH_MS } from "./limits.ts";

/** Telegram, by webhook or long polling. See README.md beside this file for set-up and rules. */
export const definition = defineChannel<TelegramConfig, Promise<Channel>>({
  kind: "telegram",
  capabilities: {
    sessions: "single",
    resetCommand: true,
    textLimit: TEXT_LIMIT,
    typingRefreshMs: TYPING_REFRESH_MS,
    receipts: false,
    buttons: BUTTON_SUPPORT,
    profileVariables: ["user_name"],
  },
  configSchema: telegramConfigSchema,
  // grammY is loaded with the first channel that needs it.
  create: async (options) => (await import("./connection.ts")).createTelegramChannel(options),
  diagnose: async (options) => (await import("./diagnose.ts")).diagnose(options),
  split,
});
