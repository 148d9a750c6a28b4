import type { KindRecipes } from "./channel-recipe.ts";

const TELEGRAM_TOKEN = {
  key: "token",
  variable: "TELEGRAM_BOT_TOKEN",
  find: "talk to @BotFather on Telegram, send /newbot, and copy the token",
};

/** A bot on Telegram: the service asks for updates, or Telegram calls it. */
export const telegramRecipes: KindRecipes = {
  by: {
    polling: {
      settings: { mode: "polling" },
      variables: [TELEGRAM_TOKEN],
      apiKey: "apiRoot",
      next: () => ["Start the service and write to the bot."],
    },
    webhook: {
      settings: { mode: "webhook" },
      variables: [TELEGRAM_TOKEN, { key: "secretToken", variable: "TELEGRAM_WEBHOOK_SECRET", find: null }],
      apiKey: "apiRoot",
      next: () => ["Start the service: it registers the webhook itself. Then write to the bot."],
    },
  },
  atPublicUrl: "webhook",
  otherwise: "polling",
};
