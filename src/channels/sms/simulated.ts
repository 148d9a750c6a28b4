import type { JsonObject } from "../../core/text/json.ts";
import type { SimulatorPlace } from "../channel-definition.ts";

/** The settings for the simulator. RCS is simulated if the configuration has it. */
export function simulated(given: JsonObject, { url, secret }: SimulatorPlace): JsonObject {
  return {
    accountSid: `AC${secret("account").slice(0, 32)}`,
    authToken: secret("token").slice(0, 32),
    from: "+15005550006",
    ...given,
    apiBaseUrl: `${url}/sms/twilio`,
  };
}
