import { splitText } from "../../core/text/split-text.ts";
import type { Channel } from "../channel.ts";
import { defineChannel } from "../channel-definition.ts";
import type { ChannelOptions } from "../channel-options.ts";
import { createHttpClient } from "../http-client.ts";
import { type ApiConfig, apiConfigSchema } from "./config.ts";
import { diagnose } from "./diagnose.ts";
import { readWebhook } from "./inbound.ts";
import { createOutbound, keepStored, TEXT_LIMIT } from "./outbound.ts";
import { verify } from "./verify.ts";

/** The channel for messages from your own systems, over the API. See README.md in this folder. */
export const definition = defineChannel<ApiConfig>({
  kind: "api",
  capabilities: {
    sessions: "many",
    resetCommand: true,
    textLimit: TEXT_LIMIT,
    typingRefreshMs: null,
    receipts: false,
    speaks: true,
    buttons: { max: 20, labelLimit: 100, urls: true },
    live: true,
    knowsCallers: true,
    // Callers supply variables when they create a session. The user's name comes with the user.
    profileVariables: ["user_name", "user_language"],
  },
  configSchema: apiConfigSchema,
  create: createApiChannel,
  diagnose,
  split: (text) => splitText(text, { limit: TEXT_LIMIT }),
});

function createApiChannel({ name, config: { webhook } }: ChannelOptions<ApiConfig>): Channel {
  if (webhook === undefined) return { inspect: verify, receive: readWebhook, send: keepStored };
  const client = createHttpClient();
  return {
    inspect: verify,
    receive: readWebhook,
    send: createOutbound({ client, webhook, channel: name }),
    stop: () => client.close(),
  };
}
