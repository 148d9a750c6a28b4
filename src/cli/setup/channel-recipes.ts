import type { JsonObject } from "../../core/text/json.ts";

/** A value that a channel reads from an environment variable. */
export interface RecipeVariable {
  /** The key of the channel. */
  key: string;
  variable: string;
  /** The place where people find the value; null: it is made up here. */
  find: string | null;
}

/** The address of the service, and the name of the new channel. */
export interface ServiceAddress {
  publicUrl: { url: string; isPublic: boolean };
  name: string;
}

/** A new channel of a kind. */
export interface ChannelRecipe {
  settings: JsonObject;
  variables: readonly RecipeVariable[];
  /** The key for another address of the platform's API; null: there is none. */
  apiKey: string | null;
  /** The steps that remain to do on the platform. */
  next(at: ServiceAddress): readonly string[];
}

/** The recipes of a kind, by the word for `--by`. The first is used unless `isPublic` names another. */
export interface KindRecipes {
  by: Readonly<Record<string, ChannelRecipe>>;
  /** The recipe for a service with a public address. */
  atPublicUrl: string;
  /** The recipe for a service without one. */
  otherwise: string;
}

/** The address at which a platform calls the channel. */
function webhook({ publicUrl, name }: ServiceAddress): string {
  const path = `/webhooks/${encodeURIComponent(name)}`;
  if (publicUrl.isPublic) return `${publicUrl.url}${path}`;
  return `CAUSEWAY_PUBLIC_URL${path} (first set CAUSEWAY_PUBLIC_URL to the https address of this service)`;
}

const TELEGRAM_TOKEN = {
  key: "token",
  variable: "TELEGRAM_BOT_TOKEN",
  find: "talk to @BotFather on Telegram, send /newbot, and copy the token",
};
const SLACK_TOKEN = {
  key: "botToken",
  variable: "SLACK_BOT_TOKEN",
  find: "https://api.slack.com/apps, your app, OAuth & Permissions: Bot User OAuth Token (xoxb-…)",
};

const TWILIO_ACCOUNT = {
  key: "accountSid",
  variable: "TWILIO_ACCOUNT_SID",
  find: "https://console.twilio.com, Account Info: Account SID (AC…)",
};
const TWILIO_TOKEN = {
  key: "authToken",
  variable: "TWILIO_AUTH_TOKEN",
  find: "https://console.twilio.com, Account Info: Auth Token",
};

/** The recipes of each kind that people can add. */
export const channelRecipes: Readonly<Record<string, KindRecipes>> = {
  telegram: {
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
  },
  slack: {
    by: {
      socket: {
        settings: { mode: "socket" },
        variables: [
          SLACK_TOKEN,
          {
            key: "appToken",
            variable: "SLACK_APP_TOKEN",
            find: "https://api.slack.com/apps, your app, Basic Information, App-Level Tokens: one with connections:write (xapp-…)",
          },
        ],
        apiKey: "apiUrl",
        next: ({ name }) => [
          `No app yet? Create it from the output of: causeway slack manifest --socket --channel ${name}`,
        ],
      },
      events: {
        settings: { mode: "events" },
        variables: [
          SLACK_TOKEN,
          {
            key: "signingSecret",
            variable: "SLACK_SIGNING_SECRET",
            find: "https://api.slack.com/apps, your app, Basic Information: Signing Secret",
          },
        ],
        apiKey: "apiUrl",
        next: (url) => [
          `No app yet? Create it from the output of: causeway slack manifest --channel ${url.name}`,
          `Slack's Request URL is ${webhook(url)}`,
        ],
      },
    },
    atPublicUrl: "events",
    otherwise: "socket",
  },
  whatsapp: {
    by: {
      twilio: {
        settings: { provider: "twilio" },
        variables: [
          TWILIO_ACCOUNT,
          TWILIO_TOKEN,
          {
            key: "from",
            variable: "TWILIO_WHATSAPP_FROM",
            find: "the WhatsApp sender with its prefix, whatsapp:+14155238886: Messaging, Senders, or the sandbox",
          },
        ],
        apiKey: "apiBaseUrl",
        next: (url) => [
          `Enter this address in the Twilio console under "When a message comes in": ${webhook(url)}`,
        ],
      },
      meta: {
        settings: { provider: "meta" },
        variables: [
          {
            key: "phoneNumberId",
            variable: "META_PHONE_NUMBER_ID",
            find: "https://developers.facebook.com/apps, your app, WhatsApp, API Setup: Phone number ID",
          },
          {
            key: "accessToken",
            variable: "META_ACCESS_TOKEN",
            find: "Business settings, System users: a token with whatsapp_business_messaging",
          },
          {
            key: "appSecret",
            variable: "META_APP_SECRET",
            find: "https://developers.facebook.com/apps, your app, App settings, Basic: App secret",
          },
          { key: "verifyToken", variable: "META_VERIFY_TOKEN", find: null },
        ],
        apiKey: "apiBaseUrl",
        next: (url) => [
          `Enter this address and META_VERIFY_TOKEN under WhatsApp, Configuration, and subscribe to messages: ${webhook(url)}`,
        ],
      },
    },
    atPublicUrl: "twilio",
    otherwise: "twilio",
  },
  sms: only({
    settings: {},
    variables: [
      TWILIO_ACCOUNT,
      TWILIO_TOKEN,
      {
        key: "from",
        variable: "TWILIO_SMS_FROM",
        find: "the number with its country, +14155238886: Phone Numbers, Manage, Active numbers",
      },
    ],
    apiKey: "apiBaseUrl",
    next: (url) => [
      `Enter this address in the Twilio console at the number, "A message comes in": ${webhook(url)}`,
    ],
  }),
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

function only(recipe: ChannelRecipe): KindRecipes {
  return { by: { standard: recipe }, atPublicUrl: "standard", otherwise: "standard" };
}
