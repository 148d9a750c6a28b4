import { defineChannel } from "../../../src/channels/channel-definition.ts";
import { createHttpClient } from "../../../src/channels/http-client.ts";
import { parseJsonBody } from "../../../src/channels/webhook-request.ts";
import { splitText } from "../../../src/core/text/split-text.ts";
import { type Config, configSchema } from "./config.ts";
import { readEvent } from "./inbound.ts";
import { createSend } from "./outbound.ts";
import { verify } from "./verify.ts";

const TEXT_LIMIT = 2_000;

/** Pebble, a platform that does not exist: plain text, one conversation for each user. */
export const definition = defineChannel<Config>({
  kind: "pebble",
  capabilities: {
    sessions: "single",
    resetCommand: true,
    textLimit: TEXT_LIMIT,
    typingRefreshMs: null,
    receipts: false,
    buttons: null,
    profileVariables: ["user_name"],
  },
  configSchema,
  split: (text) => splitText(text, { limit: TEXT_LIMIT }),
  create({ config }) {
    const client = createHttpClient();
    return {
      async receive(request) {
        const rejection = verify(request, config.webhookSecret);
        if (rejection !== null) return rejection;
        const body = parseJsonBody(request.body);
        return "kind" in body ? body : readEvent(body.json);
      },
      send: createSend(client, config),
      async start({ reportError }) {
        const { apiUrl, token } = config;
        const headers = { authorization: `Bearer ${token}` };
        const url = new URL("/me", apiUrl);
        const outcome = await client.call({ method: "GET", url, headers, body: null, timeoutMs: 3_000 });
        if (outcome.kind !== "answered") reportError("Pebble cannot be reached; check `apiUrl`");
        else if (outcome.status !== 200) reportError("Pebble refuses the token; check `token`");
      },
      stop: () => client.close(),
    };
  },
});
