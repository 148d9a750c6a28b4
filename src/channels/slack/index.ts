import type { Channel } from "../channel.ts";
import { defineChannel } from "../channel-definition.ts";
import { BUTTON_SUPPORT } from "./blocks.ts";
import { optionalKeys, type SlackConfig, slackConfigSchema } from "./config.ts";
import { split, TEXT_LIMIT, TYPING_REFRESH_MS } from "./limits.ts";

/** Slack, by Events API or Socket Mode. See README.md in this folder for set-up and rules. */
export const definition = defineChannel<SlackConfig, Promise<Channel>>({
  kind: "slack",
  capabilities: {
    sessions: "many",
    resetCommand: false,
    textLimit: TEXT_LIMIT,
    typingRefreshMs: TYPING_REFRESH_MS,
    receipts: false,
    buttons: BUTTON_SUPPORT,
    // A person's id as `channel` is the direct conversation with that person (docs.slack.dev, chat.postMessage).
    addressesUsers: true,
    profileVariables: ["user_name", "user_language"],
    speaks: true,
    desks: true,
    reactions: true,
  },
  configSchema: slackConfigSchema,
  optionalKeys,
  // Loads Slack's SDK with the first channel that needs it.
  create: async (options) => (await import("./connection.ts")).createSlackChannel(options),
  agents: (config) => Object.keys(config.agents),
  diagnose: async (options) => (await import("./diagnose.ts")).diagnose(options),
  diagnoseDesk: async (options) => (await import("./diagnose-desk.ts")).diagnoseDesk(options),
  split,
  // Over several sockets Slack gives each event to one of them.
  connection({ botToken, oauth, apiUrl, mode }) {
    const account = botToken ?? oauth?.clientId;
    if (account === undefined) return null;
    const key = botToken === undefined ? "oauth" : "botToken";
    return { key, name: `${new URL(apiUrl).origin} ${account}`, exclusive: mode === "socket" };
  },
  // The simulator has one workspace, so nobody installs the app.
  simulated: ({ oauth: _oauth, ...given }, { url, secret }) => ({
    botToken: `xoxb-simulated-${secret("bot").slice(0, 24)}`,
    appToken: `xapp-simulated-${secret("app").slice(0, 24)}`,
    signingSecret: secret("signing").slice(0, 32),
    ...given,
    apiUrl: `${url}/slack/api/`,
  }),
});
