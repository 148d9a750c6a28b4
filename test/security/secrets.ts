import { createHmac } from "node:crypto";
import { signedHeaders } from "../support/fake-slack.ts";
import { signedForm } from "../support/fake-twilio.ts";

export const PUBLIC_URL = "https://chat.example.org";
const json = { "content-type": "application/json" };

export const TELEGRAM_SECRET = "webhook_secret-0123456789";
export const SUREADHERE_SECRET = "webhook secret & 0123456789";
export const SLACK = {
  botToken: "xoxb-1-TESTbotTokenSecret",
  signingSecret: "8f742231b10e8888abcd99yyyzzz85a5",
};
export const TWILIO = {
  provider: "twilio",
  accountSid: "AC0123456789abcdef0123456789abcdef",
  authToken: "5ecre7ab1e70ken0123456789abcdef0",
  from: "whatsapp:+14155238886",
};
export const METAS = {
  provider: "meta",
  phoneNumberId: "106540352242922",
  accessToken: "EAAtheaccesstokenofasystemuser0123456789",
  appSecret: "0123456789abcdef0123456789abcdef",
  verifyToken: "ourveryownverifytoken",
};

/** The headers with which each channel's platform sends a body. */
export const signers = {
  telegram: () => ({ ...json, "x-telegram-bot-api-secret-token": TELEGRAM_SECRET }),
  slack: (body: string) => signedHeaders(body, SLACK.signingSecret),
  meta: (body: string) => ({
    ...json,
    "x-hub-signature-256": `sha256=${createHmac("sha256", METAS.appSecret).update(body).digest("hex")}`,
  }),
  sureadhere: () => ({ ...json, "x-webhook-secret": SUREADHERE_SECRET }),
  whatsapp: (body: string) => {
    const fields = Object.fromEntries(new URLSearchParams(body));
    return { ...signedForm(`${PUBLIC_URL}/webhooks/whatsapp`, fields, TWILIO.authToken).headers };
  },
} satisfies Record<string, (body: string) => Record<string, string>>;

export type SignedKind = keyof typeof signers;
