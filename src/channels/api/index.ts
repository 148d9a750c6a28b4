import { splitText } from "../../core/split-text.ts";
import { type Channel, type ChannelOptions, defineChannel } from "../channel.ts";
import { createHttpClient } from "../http-client.ts";
import { type ApiConfig, apiConfigSchema } from "./config.ts";
import { diagnose } from "./diagnose.ts";
import { readWebhook } from "./inbound.ts";
import { createOutbound, keepStored, TEXT_LIMIT } from "./outbound.ts";

/** Messages of your own systems, over the API. See README.md beside this file. */
export const definition = defineChannel<ApiConfig>({
  kind: "api",
  capabilities: {
    sessions: "many",
    resetCommand: true,
    textLimit: TEXT_LIMIT,
    typingRefreshMs: null,
    receipts: false,
    buttons: { max: 20, labelLimit: 100, urls: true },
    live: true,
    // Callers give variables when they create a session, and the user's name with the user.
    profileVariables: ["user_name"],
  },
  configSchema: apiConfigSchema,
  create: createApiChannel,
  diagnose,
  split: (text) => splitText(text, { limit: TEXT_LIMIT }),
});

function createApiChannel({ name, config: { webhook } }: ChannelOptions<ApiConfig>): Channel {
  if (webhook === undefined) return { receive: readWebhook, send: keepStored };
  const client = createHttpClient();
  return {
    receive: readWebhook,
    send: createOutbound({ client, webhook, channel: name }),
    stop: () => client.close(),
  };
}
