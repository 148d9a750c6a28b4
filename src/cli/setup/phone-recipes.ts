import { type KindRecipes, only, webhook } from "./channel-recipe.ts";

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

/** A number on WhatsApp, at Twilio or at Meta. */
export const whatsappRecipes: KindRecipes = {
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
};

/** A number for text messages, at Twilio. */
export const smsRecipes: KindRecipes = only({
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
});
