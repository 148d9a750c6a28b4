import type { Channel } from "../channel.ts";
import { defineChannel } from "../channel-definition.ts";
import { type TelegramConfig, telegramConfigSchema } from "./config.ts";
import { BUTTON_SUPPORT } from "./keyboard.ts";
import { split, TEXT_LIMIT, TYPING_REFRESH_MS } from "./limits.ts";

/** Telegram, by webhook or long polling. README.md in this folder describes set-up and rules. */
export const definition = defineChannel<TelegramConfig, Promise<Channel>>({
  kind: "telegram",
  capabilities: {
    sessions: "single",
    resetCommand: true,
    textLimit: TEXT_LIMIT,
    typingRefreshMs: TYPING_REFRESH_MS,
    receipts: false,
    speaks: true,
    buttons: BUTTON_SUPPORT,
    profileVariables: ["user_name", "user_language"],
    desks: true,
    reactions: true,
  },
  configSchema: telegramConfigSchema,
  // grammY is loaded with the first channel that needs it.
  create: async (options) => (await import("./connection.ts")).createTelegramChannel(options),
  diagnose: async (options) => (await import("./diagnose.ts")).diagnose(options),
  diagnoseDesk: async (options) => (await import("./diagnose-desk.ts")).diagnoseDesk(options),
  split,
  simulated: (given, { url, secret }) => ({
    token: `${Number.parseInt(secret("id").slice(0, 8), 16) + 1}:SIM${secret("token").slice(0, 32)}`,
    secretToken: secret("webhook"),
    ...given,
    apiRoot: `${url}/telegram`,
  }),
  connection({ token, apiRoot, mode }) {
    return { key: "token", name: `${new URL(apiRoot).origin} ${token}`, exclusive: mode === "polling" };
  },
});
