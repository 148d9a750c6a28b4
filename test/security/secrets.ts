import { createHmac } from "node:crypto";

export const PUBLIC_URL = "https://chat.example.org";

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

export const WEB_IDENTITY_SECRET = "identity-secret-0123456789abcdef";

/** A site's identity token for one of its users, for the web channel. */
export function identityToken(sub: string): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const now = Math.floor(Date.now() / 1000);
  const signed = `${part({ alg: "HS256", typ: "JWT" })}.${part({ sub, aud: "web", iat: now, exp: now + 600 })}`;
  return `${signed}.${createHmac("sha256", WEB_IDENTITY_SECRET).update(signed).digest("base64url")}`;
}
