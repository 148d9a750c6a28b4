import { secretFor } from "../invented.ts";
import type { World } from "../world.ts";
import type { SlackApp } from "./app.ts";
import type { Block, ButtonElement } from "./blocks.ts";
import type { Conversation, StoredMessage } from "./conversation.ts";
import { messageObject } from "./objects.ts";
import { nameOf } from "./people.ts";

/** A response URL works five times within half an hour. */
const RESPONSES = { left: 5, forMs: 30 * 60_000 };

/** A person's press of a button below a message. */
export interface Press {
  user: string;
  conversation: Conversation;
  message: StoredMessage;
  block: Block;
  button: ButtonElement;
}

/**
 * The payload that tells an app of a press (docs.slack.dev/reference/interaction-payloads/block_actions-payload).
 * @param root the URL of the simulated Slack
 */
export function pressPayload(world: World, app: SlackApp, root: string, press: Press): object {
  const { user, conversation, message, block, button } = press;
  const { ts, threadTs } = message;
  const thread = threadTs === null ? {} : { thread_ts: threadTs };
  const { action_id, value, text, url } = button;
  const action = {
    type: "button",
    block_id: block.block_id,
    action_id,
    text,
    action_ts: `${world.clock.seconds()}.000001`,
  };
  const name = nameOf(app, user);
  return {
    type: "block_actions",
    user: { id: user, username: name.toLowerCase(), name: name.toLowerCase(), team_id: app.ids.team },
    api_app_id: app.ids.app,
    token: "simulated",
    container: {
      type: "message",
      message_ts: ts,
      channel_id: conversation.id,
      is_ephemeral: false,
      ...thread,
    },
    trigger_id: `${app.lastNumber}.${secretFor(ts).slice(0, 12)}`,
    team: { id: app.ids.team, domain: "simulated" },
    enterprise: null,
    is_enterprise_install: false,
    channel: { id: conversation.id, name: conversation.isDirect ? "directmessage" : conversation.title },
    message: messageObject(app, message, root),
    response_url: `${root}/response/${addResponseUrl(world, app, conversation.id, ts)}`,
    actions: [
      { ...action, ...(value === undefined ? {} : { value }), ...(url === undefined ? {} : { url }) },
    ],
  };
}

/** Adds a response URL for a message. Returns its id. */
function addResponseUrl(world: World, app: SlackApp, channel: string, ts: string): string {
  const id = secretFor(app.name, ts, String(++app.lastNumber)).slice(0, 24);
  const { left, forMs } = RESPONSES;
  app.responseUrls.set(id, { channel, ts, left, until: world.clock.now() + forMs });
  const oldest = app.responseUrls.size > 200 ? app.responseUrls.keys().next().value : undefined;
  if (oldest !== undefined) app.responseUrls.delete(oldest);
  return id;
}
