import { type KindRecipes, webhook } from "./channel-recipe.ts";

const SLACK_TOKEN = {
  key: "botToken",
  variable: "SLACK_BOT_TOKEN",
  find: "https://api.slack.com/apps, your app, OAuth & Permissions: Bot User OAuth Token (xoxb-…)",
};

/** An app on Slack: over a socket that the service opens, or by events that Slack posts. */
export const slackRecipes: KindRecipes = {
  by: {
    socket: {
      settings: { mode: "socket" },
      variables: [
        SLACK_TOKEN,
        {
          key: "appToken",
          variable: "SLACK_APP_TOKEN",
          find: "https://api.slack.com/apps, your app, Basic Information, App-Level Tokens: one with connections:write (xapp-…)",
        },
      ],
      apiKey: "apiUrl",
      next: ({ name }) => [
        `No app yet? Create it from the output of: causeway slack manifest --socket --channel ${name}`,
      ],
    },
    events: {
      settings: { mode: "events" },
      variables: [
        SLACK_TOKEN,
        {
          key: "signingSecret",
          variable: "SLACK_SIGNING_SECRET",
          find: "https://api.slack.com/apps, your app, Basic Information: Signing Secret",
        },
      ],
      apiKey: "apiUrl",
      next: (url) => [
        `No app yet? Create it from the output of: causeway slack manifest --channel ${url.name}`,
        `Slack's Request URL is ${webhook(url)}`,
      ],
    },
  },
  atPublicUrl: "events",
  otherwise: "socket",
};
