import {
  type Connection,
  fileUrl,
  type Impossible,
  type Said,
  type SeenChat,
  type SeenMessage,
} from "../connection.ts";
import { secretFor } from "../invented.ts";
import type { World } from "../world.ts";
import {
  addFile,
  addMessage,
  type Conversation,
  conversationId,
  messageObject,
  openConversation,
  personId,
  type SlackApp,
  type StoredMessage,
} from "./app.ts";
import { buttonsOf } from "./blocks.ts";
import type { createEvents } from "./events.ts";
import { reactTo } from "./reactions.ts";
import { nameOf, shownText, typedText } from "./text.ts";

export interface PhoneDeps {
  world: World;
  app: SlackApp;
  events: ReturnType<typeof createEvents>;
  /** The URL of the simulated Slack. */
  root(): string;
}

/** Slack's own button while a session is busy. */
const STOP = "Stop";
const BUSY = "is working…";

/** A response URL works five times within half an hour. */
const RESPONSES = { left: 5, forMs: 30 * 60_000 };

/** The people of a workspace: what they say, press and see. */
export function createPhone({ world, app, events, root }: PhoneDeps): Connection {
  for (const room of app.rooms ?? []) openConversation(app, room);

  /** The person who acts. A direct conversation has only one. */
  function personOf(conversation: Conversation, from: string | null): string {
    const [first] = app.people.keys();
    const id = conversation.isDirect
      ? `U${conversation.id.slice(1)}`
      : from === null
        ? (first ?? personId("ada"))
        : personId(from);
    const isName = conversation.isDirect
      ? conversation.title !== "Direct message"
      : from !== null && from !== id;
    const name = isName ? (conversation.isDirect ? conversation.title : (from ?? "")) : "Ada";
    if (!app.people.has(id)) app.people.set(id, name);
    return id;
  }

  function say(chat: string, { text, thing, from, thread, file }: Said): SeenMessage | Impossible {
    if (thing !== undefined)
      return { status: 409, code: "not_on_slack", message: `A ${thing.kind} cannot be shared on Slack.` };
    const conversation = openConversation(app, chat);
    if (thread !== null && !conversation.messages.some(({ ts }) => ts === thread))
      return { status: 404, code: "thread_not_found", message: `The conversation has no message ${thread}.` };
    const user = personOf(conversation, from);
    const files = file === null ? [] : [addFile(app, file)];
    const typed = typedText(app, text);
    const seconds = world.clock.seconds();
    const message = addMessage(app, conversation, seconds, { user, text: typed, threadTs: thread, files });
    tell(conversation, message);
    world.changed();
    return seen(conversation, message);
  }

  const write = (chat: string, text: string) =>
    say(chat, { text, from: null, thread: null, replyTo: null, file: null });

  /** A person opens the messages of the app. */
  function open(chat: string): SeenChat {
    const conversation = openConversation(app, chat);
    if (conversation.isDirect) {
      const { id: channel } = conversation;
      const ts = `${world.clock.seconds()}.000001`;
      events.event(channel, {
        type: "app_home_opened",
        user: personOf(conversation, null),
        channel,
        tab: "messages",
        event_ts: ts,
      });
      world.changed();
    }
    return seenChat(conversation);
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

  function press(chat: string, label: string, from: string | null): SeenMessage | Impossible {
    const conversation = openConversation(app, chat);
    const hasIt = ({ blocks }: StoredMessage) =>
      buttonsOf(blocks).some(({ button }) => button.text.text === label);
    const message = conversation.messages.findLast(hasIt);
    const found = buttonsOf(message?.blocks ?? []).find(({ button }) => button.text.text === label);
    if (message === undefined || found === undefined) {
      const pressed = label === STOP ? stop(conversation, from) : null;
      if (pressed !== null) return pressed;
      const prompt = conversation.prompts.find(({ title }) => title === label);
      if (prompt !== undefined) return write(chat, prompt.message);
      return { status: 404, code: "button_not_found", message: `No message here has a button "${label}".` };
    }
    const user = personOf(conversation, from);
    const { ts, threadTs } = message;
    const thread = threadTs === null ? {} : { thread_ts: threadTs };
    const { action_id, value, text, url } = found.button;
    const action = {
      type: "button",
      block_id: found.block.block_id,
      action_id,
      text,
      action_ts: `${world.clock.seconds()}.000001`,
    };
    const name = nameOf(app, user);
    events.interaction(conversation.id, {
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
      message: messageObject(app, message, root()),
      response_url: responseUrl(conversation.id, ts),
      actions: [
        { ...action, ...(value === undefined ? {} : { value }), ...(url === undefined ? {} : { url }) },
      ],
    });
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
      user: personOf(conversation, from),
      thread_ts: thread,
      streaming_message_ts: streams.map(({ ts }) => ts),
      event_ts: `${world.clock.seconds()}.000001`,
    });
    world.changed();
    return seen(conversation, root);
  }

  function responseUrl(channel: string, ts: string): string {
    const id = secretFor(app.name, ts, String(++app.lastNumber)).slice(0, 24);
    const { left, forMs } = RESPONSES;
    app.responseUrls.set(id, { channel, ts, left, until: world.clock.now() + forMs });
    const oldest = app.responseUrls.size > 200 ? app.responseUrls.keys().next().value : undefined;
    if (oldest !== undefined) app.responseUrls.delete(oldest);
    return `${root()}/response/${id}`;
  }

  function seen(conversation: Conversation, message: StoredMessage): SeenMessage {
    const { ts, user, blocks, files, threadTs, isEdited, streamsUntil, cards, reaction } = message;
    const labels = buttonsOf(blocks).map(({ button }) => button.text.text);
    const [file] = files;
    const title = conversation.sessions.get(ts)?.title;
    return {
      id: ts,
      from: user === null ? "bot" : "user",
      text: shownText(app, message),
      ...(labels.length === 0 ? {} : { buttons: labels }),
      ...(isEdited ? { edited: true } : {}),
      ...(reaction === undefined ? {} : { reaction }),
      ...(user === null || conversation.isDirect ? {} : { name: nameOf(app, user) }),
      ...(threadTs === null ? {} : { thread: threadTs }),
      ...(title ? { title } : {}),
      ...(cards === null || cards.size === 0 ? {} : { cards: [...cards.values()] }),
      ...(streamsUntil === null || streamsUntil < world.clock.now() ? {} : { streaming: true }),
      ...(file === undefined
        ? {}
        : {
            file: {
              name: file.name,
              content_type: file.contentType,
              url: fileUrl("slack", app.name, file.id),
            },
          }),
      at: new Date(Number(ts.split(".")[0]) * 1000).toISOString(),
    };
  }

  const seenChat = (conversation: Conversation): SeenChat => ({
    id: conversation.id,
    title: conversation.title,
    kind: conversation.isDirect ? "private" : "group",
    messages: conversation.messages.map((message) => seen(conversation, message)),
    blocked: conversation.isBlocked,
    typing: typingIn(conversation),
    draft: null,
    actions: actionsOf(conversation),
  });

  return {
    platform: "slack",
    name: app.name,
    say,
    press,
    open,
    react(chat, { words, emoji, from }) {
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
        user: personOf(conversation, from),
        item_user: user ?? app.ids.user,
        item: { type: "message", channel: conversation.id, ts },
        event_ts: `${world.clock.seconds()}.000001`,
      });
      world.changed();
      return seen(conversation, message);
    },
    look(chat) {
      const known = app.conversations.get(conversationId(chat));
      if (known) return seenChat(known);
      const id = conversationId(chat);
      const kind = id.startsWith("D") ? "private" : "group";
      return { id, title: chat, kind, messages: [], blocked: false, typing: null, draft: null, actions: [] };
    },
    chats: () => [...app.conversations.values()].map(seenChat),
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
      for (const each of [app.conversations, app.people, app.files, app.uploads, app.responseUrls])
        each.clear();
      for (const room of app.rooms ?? []) openConversation(app, room);
      world.changed();
    },
    settings: () => ({
      SLACK_API_URL: `${root()}/api/`,
      SLACK_BOT_TOKEN: app.botToken,
      SLACK_SIGNING_SECRET: app.signingSecret,
      SLACK_APP_TOKEN: app.appToken,
      ...(app.requestUrl === null ? {} : { SLACK_REQUEST_URL: app.requestUrl }),
    }),
  };
}

/** Slack's own buttons: Stop while the app is busy, and the suggested prompts. */
function actionsOf(conversation: Conversation): string[] {
  const stop = busyThread(conversation) === undefined ? [] : [STOP];
  return [...stop, ...conversation.prompts.map(({ title }) => title)];
}

/** The newest thread whose session is busy. */
function busyThread({ sessions }: Conversation): string | undefined {
  return [...sessions].findLast(([, { status }]) => status === "processing")?.[0];
}

function typingIn(conversation: Conversation): string | null {
  const status = [...conversation.statuses.values()].at(-1);
  return status ?? (busyThread(conversation) === undefined ? null : BUSY);
}
