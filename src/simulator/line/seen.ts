import { fileUrl, type SeenChat, type SeenMessage, thingInWords } from "../connection.ts";
import type { Chat, Line, StoredMessage } from "./line.ts";

/** A chat as the user's phone shows it. @param more the fields of a message that only one platform has */
export function seenChat(
  line: Line,
  chat: Chat,
  now: number,
  more: (message: StoredMessage) => Partial<SeenMessage>,
): SeenChat {
  return {
    id: chat.number,
    title: chat.title,
    kind: "private",
    // The user's phone does not have a message that was not delivered.
    messages: chat.messages
      .filter(({ receipt }) => receipt !== "failed")
      .map((message) => ({ ...seenMessage(line, message), ...more(message) })),
    blocked: chat.isBlocked,
    typing: chat.typingUntil > now ? "typing…" : null,
    draft: null,
  };
}

/** A message as the user's phone shows it, without styles. */
export function seenMessage(line: Line, message: StoredMessage): SeenMessage {
  const { id, from, text, thing, reaction, choices, file, replyTo, at, receipt } = message;
  return {
    id,
    from,
    text: thing === undefined ? text : thingInWords(thing),
    ...(reaction === undefined ? {} : { reaction }),
    ...(choices.length === 0 ? {} : { buttons: choices.map(({ title }) => title) }),
    ...(replyTo === null ? {} : { reply_to: replyTo }),
    ...(file === null ? {} : { file: seenFile(line, file) }),
    ...(receipt === null ? {} : { receipt }),
    at: new Date(at).toISOString(),
  };
}

const seenFile = (line: Line, { id, name, contentType }: NonNullable<StoredMessage["file"]>) => ({
  name,
  content_type: contentType,
  url: fileUrl(line.platform, line.name, id),
});
