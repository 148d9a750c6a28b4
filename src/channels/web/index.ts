import { splitText } from "../../core/text/split-text.ts";
import { defineChannel } from "../channel-definition.ts";
import { type WebConfig, webConfigSchema } from "./config.ts";
import { diagnose } from "./diagnose.ts";
import { readWebhook, refuseWebhook } from "./inbound.ts";
import { canReach, identifierOf, send, TEXT_LIMIT } from "./outbound.ts";

/** Chat in a browser. See README.md beside this file. */
export const definition = defineChannel<WebConfig>({
  kind: "web",
  capabilities: {
    sessions: "many",
    resetCommand: false,
    textLimit: TEXT_LIMIT,
    // The open stream shows that the bot writes an answer.
    typingRefreshMs: null,
    receipts: false,
    speaks: true,
    buttons: { max: 20, labelLimit: 100, urls: true },
    live: true,
    knowsCallers: true,
    profileVariables: ["user_name", "user_language"],
  },
  configSchema: webConfigSchema,
  create: ({ name, publicUrl }) => ({
    inspect: refuseWebhook,
    receive: readWebhook,
    send,
    canReach,
    // The page lets everybody in, so its address needs no code.
    linkWith: async () => `${publicUrl.url}/chat/${encodeURIComponent(name)}`,
  }),
  diagnose,
  identifierOf,
  split: (text) => splitText(text, { limit: TEXT_LIMIT }),
});
