import { splitText } from "../../core/split-text.ts";
import { defineChannel } from "../channel.ts";
import { type ApiConfig, apiConfigSchema } from "./config.ts";
import { readWebhook } from "./inbound.ts";
import { send, TEXT_LIMIT } from "./outbound.ts";

/** Messages of your own systems, over the API. See README.md beside this file. */
export const definition = defineChannel<ApiConfig>({
  kind: "api",
  capabilities: {
    sessions: "many",
    resetCommand: true,
    textLimit: TEXT_LIMIT,
    typingRefreshMs: null,
    receipts: false,
    live: true,
    // Callers give variables when they create a session, and the user's name with the user.
    profileVariables: ["user_name"],
  },
  configSchema: apiConfigSchema,
  create: () => ({ receive: readWebhook, send }),
  split: (text) => splitText(text, { limit: TEXT_LIMIT }),
});
