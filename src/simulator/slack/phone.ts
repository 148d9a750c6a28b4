import type { Connection, Impossible, Said, SeenChat, SeenMessage } from "../connection.ts";
import type { World } from "../world.ts";
import { addFile, type SlackApp } from "./app.ts";
import { buttonsOf } from "./blocks.ts";
import { addMessage, type Conversation, openConversation, type StoredMessage } from "./conversation.ts";
import type { createEvents } from "./events.ts";
import { conversationId } from "./ids.ts";
import { messageObject } from "./objects.ts";
import { personOf } from "./people.ts";
import { pressPayload } from "./press-payload.ts";
import { reactTo } from "./reactions.ts";
import { busyThread, emptyChat, STOP, seenChat, seenMessage } from "./seen.ts";
import { shownText, typedText } from "./text.ts";

export interface PhoneDeps {
  world: World;
  app: SlackApp;
  events: ReturnType<typeof createEvents>;
  /** The URL of the simulated Slack. */
  root(): string;
}

type Reaction = Parameters<Connection["react"]>[1];

/** The people of a workspace: what they say, press and see. */
export function createPhone({ world, app, events, root }: PhoneDeps): Connection {
  openRooms();
  const seen = (conversation: Conversation, message: StoredMessage) =>
    seenMessage(app, conversation, message, world.clock.now());
  const shown = (conversation: Conversation) => seenChat(app, conversation, world.clock.now());
  /** The time of an event that stores no message. */
  const eventTime = () => `${world.clock.seconds()}.000001`;

  function openRooms(): void {
    for (const room of app.rooms ?? []) openConversation(app, room);
  }

  function say(chat: string, { text, thing, from, thread, file }: Said): SeenMessage | Impossible {
    if (thing !== undefined)
      return { status: 409, code: "not_on_slack", message: `A ${thing.kind} cannot be shared on Slack.` };
    const conversation = openConversation(app, chat);
    if (thread !== null && !conversation.messages.some(({ ts }) => ts === thread))
      return { status: 404, code: "thread_not_found", message: `The conversation has no message ${thread}.` };
    const user = personOf(app, conversation, from);
    const files = file === null ? [] : [addFile(app, file)];
    const typed = typedText(app, text);
    const seconds = world.clock.seconds();
    const message = addMessage(app, conversation, seconds, { user, text: typed, threadTs: thread, files });
    tell(conversation, message);
    world.changed();
    return seen(conversation, message);
  }

  /** A mention in a channel arrives as two events with one `ts`. Only the first of them carries files. */
  function tell(conversation: Conversation, message: StoredMessage): void {
    const { id: channel, isDirect } = conversation;
    const { files, ...common } = messageObject(app, message, root());
    const parent = conversation.messages.find(({ ts }) => ts === message.threadTs);
    events.event(channel, {
      ...common,
      ...(files === undefined ? {} : { files, subtype: "file_share" }),
      ...(parent === undefined ? {} : { parent_user_id: parent.user ?? app.ids.user }),
      channel,
      channel_type: isDirect ? "im" : "channel",
    });
    if (isDirect || !message.text.includes(`<@${app.ids.user}>`)) return;
    events.event(channel, { ...common, type: "app_mention", channel });
  }

  /** A person opens the messages of the app. */
  function open(chat: string): SeenChat {
    const conversation = openConversation(app, chat);
    if (conversation.isDirect) {
      const { id: channel } = conversation;
      const user = personOf(app, conversation, null);
      events.event(channel, {
        type: "app_home_opened",
        user,
        channel,
        tab: "messages",
        event_ts: eventTime(),
      });
      world.changed();
    }
    return shown(conversation);
  }

  /** Presses a button of a message, Slack's own Stop, or a suggested prompt, which writes its message. */
  function press(chat: string, label: string, from: string | null): SeenMessage | Impossible {
    const conversation = openConversation(app, chat);
    const buttonIn = ({ blocks }: StoredMessage) =>
      buttonsOf(blocks).find(({ button }) => button.text.text === label);
    const message = conversation.messages.findLast((each) => buttonIn(each) !== undefined);
    const found = message && buttonIn(message);
    if (message === undefined || found === undefined) {
      const pressed = label === STOP ? stop(conversation, from) : null;
      if (pressed !== null) return pressed;
      const prompt = conversation.prompts.find(({ title }) => title === label);
      if (prompt !== undefined)
        return say(chat, { text: prompt.message, from: null, thread: null, replyTo: null, file: null });
      return { status: 404, code: "button_not_found", message: `No message here has a button "${label}".` };
    }
    const user = personOf(app, conversation, from);
    const payload = pressPayload(world, app, root(), { user, conversation, message, ...found });
    events.interaction(conversation.id, payload);
    return seen(conversation, message);
  }

  /** Presses Slack's own button of the newest busy session. Slack stops its streams; the app does the rest. */
  function stop(conversation: Conversation, from: string | null): SeenMessage | null {
    const { id: channel, messages } = conversation;
    const thread = busyThread(conversation);
    const root = messages.find(({ ts }) => ts === thread);
    if (thread === undefined || root === undefined) return null;
    const streams = messages.filter(
      ({ threadTs, streamsUntil }) => threadTs === thread && streamsUntil !== null,
    );
    for (const stream of streams) stream.streamsUntil = null;
    events.event(channel, {
      type: "agent_session_stopped",
      channel,
      user: personOf(app, conversation, from),
      thread_ts: thread,
      streaming_message_ts: streams.map(({ ts }) => ts),
      event_ts: eventTime(),
    });
    world.changed();
    return seen(conversation, root);
  }

  function react(chat: string, reaction: Reaction): SeenMessage | Impossible {
    const { words, emoji, from } = reaction;
    const conversation = openConversation(app, chat);
    const message = conversation.messages.findLast(
      (each) => each.ts === words || shownText(app, each) === words,
    );
    if (message === undefined)
      return { status: 404, code: "message_not_found", message: `Nobody wrote "${words}" in this chat.` };
    const event = reactTo(message, emoji);
    if ("status" in event) return event;
    const { user, ts } = message;
    events.event(conversation.id, {
      ...event,
      user: personOf(app, conversation, from),
      item_user: user ?? app.ids.user,
      item: { type: "message", channel: conversation.id, ts },
      event_ts: eventTime(),
    });
    world.changed();
    return seen(conversation, message);
  }

  return {
    platform: "slack",
    name: app.name,
    say,
    press,
    open,
    react,
    look(chat) {
      const known = app.conversations.get(conversationId(chat));
      return known ? shown(known) : emptyChat(chat);
    },
    chats: () => [...app.conversations.values()].map(shown),
    block(chat, blocked) {
      openConversation(app, chat).isBlocked = blocked;
      world.changed();
    },
    chatId: conversationId,
    file: (id) => app.files.get(id) ?? null,
    setWebhook(url) {
      app.requestUrl = url;
    },
    reset() {
      clear(app);
      openRooms();
      world.changed();
    },
    settings: () => settingsFor(app, root()),
  };
}

function clear({ conversations, people, files, uploads, responseUrls }: SlackApp): void {
  for (const each of [conversations, people, files, uploads, responseUrls]) each.clear();
}

/** The settings that connect a bot to this app. */
function settingsFor(app: SlackApp, root: string): Record<string, string> {
  return {
    SLACK_API_URL: `${root}/api/`,
    SLACK_BOT_TOKEN: app.botToken,
    SLACK_SIGNING_SECRET: app.signingSecret,
    SLACK_APP_TOKEN: app.appToken,
    ...(app.requestUrl === null ? {} : { SLACK_REQUEST_URL: app.requestUrl }),
  };
}
