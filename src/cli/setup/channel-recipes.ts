import { type KindRecipes, only, webhook } from "./channel-recipe.ts";
import { smsRecipes, whatsappRecipes } from "./phone-recipes.ts";
import { slackRecipes } from "./slack-recipes.ts";
import { telegramRecipes } from "./telegram-recipes.ts";

/** The recipes of each kind that people can add. */
export const channelRecipes: Readonly<Record<string, KindRecipes>> = {
  telegram: telegramRecipes,
  slack: slackRecipes,
  whatsapp: whatsappRecipes,
  sms: smsRecipes,
  web: only({
    settings: {},
    variables: [],
    apiKey: null,
    next: ({ publicUrl, name }) => [
      `The page of the chat is ${publicUrl.url}/chat/${encodeURIComponent(name)}`,
    ],
  }),
  api: only({
    settings: {},
    variables: [],
    apiKey: null,
    next: ({ publicUrl }) => [`The API is described at ${publicUrl.url}/docs`],
  }),
  sureadhere: only({
    settings: {},
    variables: [
      ...(
        [
          ["tenantId", "SA_TENANT_ID"],
          ["clientId", "SA_ID"],
          ["clientSecret", "SA_SECRET"],
          ["authUrl", "SA_AUTH_URL"],
          ["baseUrl", "SA_BASE_URL"],
        ] as const
      ).map(([key, variable]) => ({ key, variable, find: "ask SureAdhere for API credentials" })),
      { key: "webhookSecret", variable: "SA_WEBHOOK_SECRET", find: null },
    ],
    apiKey: null,
    next: (url) => [
      `Let SureAdhere post to ${webhook(url)} with the header X-Webhook-Secret: the value of SA_WEBHOOK_SECRET`,
    ],
  }),
};
