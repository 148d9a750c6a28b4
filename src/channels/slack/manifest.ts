export interface ManifestOptions {
  /** The app's name in Slack, which allows at most 35 characters. */
  name: string;
  /** The URL that Slack posts events to; null for Socket Mode. */
  requestUrl: string | null;
}

/**
 * The bot's permissions. `users:read` is for names, `files:read` for attachments, and `files:write` for spoken replies. The
 * histories are for thread
 * messages without a mention, and `reactions:read` is for thumbs below our messages.
 */
export const SCOPES = [
  "app_mentions:read",
  "assistant:write",
  "channels:history",
  "chat:write",
  "files:read",
  "files:write",
  "groups:history",
  "im:history",
  "mpim:history",
  "reactions:read",
  "users:read",
];

const EVENTS = [
  "agent_session_stopped",
  "app_home_opened",
  "app_mention",
  "app_uninstalled",
  "message.channels",
  "message.groups",
  "message.im",
  "message.mpim",
  "reaction_added",
  "reaction_removed",
  "tokens_revoked",
];

/** The manifest of a Slack app for this channel (docs.slack.dev, App manifest reference). */
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
