import type { JsonObject } from "../../core/text/json.ts";
import type { SimulatorPlace } from "../channel-definition.ts";

/** The settings for the simulator, through the configured provider (default: Twilio). */
export function simulated(given: JsonObject, { url, secret }: SimulatorPlace): JsonObject {
  if (given.provider === "meta")
    return {
      phoneNumberId: String(Number.parseInt(secret("number").slice(0, 12), 16)),
      accessToken: `EAASIM${secret("access").slice(0, 32)}`,
      appSecret: secret("app").slice(0, 32),
      verifyToken: secret("verify").slice(0, 16),
      ...given,
      apiBaseUrl: `${url}/whatsapp/meta/v26.0`,
    };
  return {
    provider: "twilio",
    accountSid: `AC${secret("account").slice(0, 32)}`,
    authToken: secret("token").slice(0, 32),
    from: "whatsapp:+14155238886",
    ...given,
    apiBaseUrl: `${url}/whatsapp/twilio`,
  };
}
