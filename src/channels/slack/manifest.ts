export interface ManifestOptions {
  /** How the app is called in Slack; at most 35 characters there. */
  name: string;
  /** Where Slack posts events; null for Socket Mode. */
  requestUrl: string | null;
}

/** What the bot may do. `users:read` is for names, `files:read` for what people send along, the histories for what is said in threads without a mention. */
export const SCOPES = [
  "app_mentions:read",
  "assistant:write",
  "channels:history",
  "chat:write",
  "files:read",
  "groups:history",
  "im:history",
  "mpim:history",
  "users:read",
];

const EVENTS = [
  "app_mention",
  "app_uninstalled",
  "message.channels",
  "message.groups",
  "message.im",
  "message.mpim",
  "tokens_revoked",
];

/** The manifest of a Slack app that fits this channel (docs.slack.dev, App manifest reference). */
export function slackManifest({ name, requestUrl }: ManifestOptions) {
  const isSocket = requestUrl === null;
  return {
    display_information: { name },
    features: {
      app_home: {
        home_tab_enabled: false,
        messages_tab_enabled: true,
        messages_tab_read_only_enabled: false,
      },
      bot_user: { display_name: name, always_online: true },
      agent_view: { agent_description: `Talk to ${name}.` },
    },
    oauth_config: { scopes: { bot: SCOPES } },
    settings: {
      event_subscriptions: { ...(isSocket ? {} : { request_url: requestUrl }), bot_events: EVENTS },
      interactivity: { is_enabled: true, ...(isSocket ? {} : { request_url: requestUrl }) },
      org_deploy_enabled: false,
      socket_mode_enabled: isSocket,
      token_rotation_enabled: false,
    },
  };
}
