import { stylesOf } from "../as-markdown.ts";
import { fileUrl, type SeenChat, type SeenMessage } from "../connection.ts";
import type { SlackApp } from "./app.ts";
import { buttonsOf } from "./blocks.ts";
import type { Conversation, StoredMessage } from "./conversation.ts";
import { conversationId } from "./ids.ts";
import { nameOf } from "./people.ts";
import { shownText, styledText } from "./text.ts";

/** Slack's own button while a session is busy. */
export const STOP = "Stop";
const BUSY = "is working…";

/** A conversation as people see it. */
export function seenChat(app: SlackApp, conversation: Conversation, now: number): SeenChat {
  return {
    id: conversation.id,
    title: conversation.title,
    kind: conversation.isDirect ? "private" : "group",
    messages: conversation.messages.map((message) => seenMessage(app, conversation, message, now)),
    blocked: conversation.isBlocked,
    typing: typingIn(conversation),
    draft: null,
    actions: actionsOf(conversation),
  };
}

/** A conversation in which nobody has written yet. */
export function emptyChat(chat: string): SeenChat {
  const id = conversationId(chat);
  const kind = id.startsWith("D") ? "private" : "group";
  return { id, title: chat, kind, messages: [], blocked: false, typing: null, draft: null, actions: [] };
}

/** A message as people see it. */
export function seenMessage(
  app: SlackApp,
  { sessions, isDirect }: Conversation,
  message: StoredMessage,
  now: number,
): SeenMessage {
  const { ts, user, blocks, files, threadTs, isEdited, streamsUntil, cards, reaction } = message;
  const labels = buttonsOf(blocks).map(({ button }) => button.text.text);
  const [file] = files;
  const title = sessions.get(ts)?.title;
  const text = shownText(app, message);
  return {
    id: ts,
    from: user === null ? "bot" : "user",
    text,
    ...stylesOf(text, styledText(app, message)),
    ...(labels.length === 0 ? {} : { buttons: labels }),
    ...(isEdited ? { edited: true } : {}),
    ...(reaction === undefined ? {} : { reaction }),
    ...(user === null || isDirect ? {} : { name: nameOf(app, user) }),
    ...(threadTs === null ? {} : { thread: threadTs }),
    ...(title ? { title } : {}),
    ...(cards === null || cards.size === 0 ? {} : { cards: [...cards.values()] }),
    ...(streamsUntil === null || streamsUntil < now ? {} : { streaming: true }),
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

/** The newest thread whose session is busy. */
export function busyThread({ sessions }: Conversation): string | undefined {
  return [...sessions].findLast(([, { status }]) => status === "processing")?.[0];
}

/** Slack's own buttons: Stop while the app is busy, and the suggested prompts. */
function actionsOf(conversation: Conversation): string[] {
  const stop = busyThread(conversation) === undefined ? [] : [STOP];
  return [...stop, ...conversation.prompts.map(({ title }) => title)];
}

function typingIn(conversation: Conversation): string | null {
  const status = [...conversation.statuses.values()].at(-1);
  return status ?? (busyThread(conversation) === undefined ? null : BUSY);
}
