import { type Channel, defineChannel } from "../channel.ts";
import { BUTTON_SUPPORT } from "./blocks.ts";
import { type SlackConfig, slackConfigSchema } from "./config.ts";
import { split, TEXT_LIMIT, TYPING_REFRESH_MS } from "./limits.ts";

/** Slack, by Events API or Socket Mode. See README.md beside this file for set-up and rules. */
export const definition = defineChannel<SlackConfig, Promise<Channel>>({
  kind: "slack",
  capabilities: {
    sessions: "many",
    resetCommand: false,
    textLimit: TEXT_LIMIT,
    typingRefreshMs: TYPING_REFRESH_MS,
    receipts: false,
    buttons: BUTTON_SUPPORT,
    // A person's id as `channel` is the direct conversation with them (docs.slack.dev, chat.postMessage).
    addressesUsers: true,
    profileVariables: ["user_name"],
  },
  configSchema: slackConfigSchema,
  // Slack's SDK is loaded with the first channel that needs it.
  create: async (options) => (await import("./connection.ts")).createSlackChannel(options),
  agents: (config) => Object.keys(config.agents),
  diagnose: async (options) => (await import("./diagnose.ts")).diagnose(options),
  split,
});
