import type { BotIdentity } from "./identity.ts";
import type { TelegramMessage } from "./message.ts";
import { readable } from "./readable.ts";
import { cut, matchesOf, type Stretch, trimmed, type Written } from "./written.ts";

/** Tells if a message is addressed to us, with its text without the address. */
export type Addressing =
  | { kind: "for_us"; text: string; payload?: string }
  | { kind: "not_for_us" }
  /** It is addressed to nobody in particular. `text`: the text of the message. */
  | { kind: "overheard"; text: string }
  /** It names some bot, and we do not know our own name yet. */
  | { kind: "unsure" };

/** The commands that we register. In a group they are ours even without `@our_name`. */
const OWN_COMMANDS: ReadonlySet<string> = new Set(["start", "reset"]);

/** The text of a message as it was written. */
export function writtenOf({
  text,
  entities = [],
  caption,
  caption_entities = [],
  sticker,
}: Pick<TelegramMessage, "text" | "entities" | "caption" | "caption_entities" | "sticker">): Written {
  return text === undefined
    ? { text: caption ?? sticker?.emoji ?? "", entities: caption_entities }
    : { text, entities };
}

/**
 * Decides if a message is for us. In a private chat, and in a person's direct messages to a channel, everything is.
 * Only a command for another bot is not.
 * In a group, only mentions of us, replies to us and commands for us are. `/reset@our_name` becomes `/reset`, and a
 * mention is removed from the text.
 */
export function addressingOf(message: TelegramMessage, us: BotIdentity): Addressing {
  const written = trimmed(writtenOf(message));
  const isPrivate = message.chat.type === "private";
  const command = readCommand(written.text);

  if (command?.bot != null) {
    if (us.username === null && !isPrivate) return { kind: "unsure" };
    if (us.username !== null && !sameName(command.bot, us.username)) return { kind: "not_for_us" };
    return asCommand(command, written);
  }
  if (isWithOnePerson(message)) {
    if (command !== null) return asCommand(command, written);
    return forUs(isPrivate ? written : withoutMention(written, us));
  }
  if (command !== null && OWN_COMMANDS.has(command.name.toLowerCase())) return asCommand(command, written);
  if (repliesToUs(message, us) || namesUsById(written, us)) return forUs(withoutMention(written, us));
  if (us.username === null && /@\w/.test(written.text)) return { kind: "unsure" };
  const isMentioned = us.username !== null && matchesOf(written, mentionOf(us.username)).length > 0;
  return isMentioned ? forUs(withoutMention(written, us)) : { kind: "overheard", text: readable(written) };
}

function forUs(written: Written): Extract<Addressing, { kind: "for_us" }> {
  return { kind: "for_us", text: readable(written) };
}

/**
 * Returns true for a conversation with one person. A channel's representative (`sender_chat`) also writes in its direct
 * messages, into the asking person's topic. That message is not for us.
 */
export function isWithOnePerson({ chat, sender_chat: onBehalfOf }: TelegramMessage): boolean {
  return chat.type === "private" || (chat.is_direct_messages === true && onBehalfOf === undefined);
}

interface Command {
  name: string;
  /** The name after `@`, if there is one, and its position. */
  bot: string | null;
  suffix: Stretch;
  /** White space and arguments, as written. */
  rest: string;
}

function readCommand(text: string): Command | null {
  const [, name, bot, rest = ""] = /^\/(\w{1,64})(?:@(\w+))?(?=\s|$)([\s\S]*)$/.exec(text) ?? [];
  if (name === undefined) return null;
  return { name, bot: bot ?? null, suffix: [name.length + 1, text.length - rest.length], rest };
}

function asCommand({ name, bot, suffix, rest }: Command, written: Written): Addressing {
  const said = forUs(bot === null ? written : cut(written, [suffix]));
  // The payload of a link such as t.me/our_bot?start=campaign7 (Bot API, deep linking).
  const [, payload] = /^\s+([A-Za-z0-9_-]{1,64})$/.exec(rest) ?? [];
  return name.toLowerCase() === "start" && payload !== undefined ? { ...said, payload } : said;
}

function repliesToUs({ replied }: TelegramMessage, us: BotIdentity): boolean {
  // Every message in a topic "replies" to the service message that created the topic.
  if (replied?.from === undefined || replied.forum_topic_created !== undefined) return false;
  return us.ids.includes(replied.from.id);
}

/** A mention by id instead of by name. Clients write it for a person picked from the member list. */
function namesUsById({ entities }: Written, us: BotIdentity): boolean {
  return entities.some(({ type, user }) => type === "text_mention" && user && us.ids.includes(user.id));
}

const sameName = (a: string, b: string) => a.toLowerCase() === b.toLowerCase();

const mentionOf = (username: string) => new RegExp(`(?<![\\w@])@${username}(?!\\w)`, "gi");

/** `@us, hello` and `hello @us` both become `hello`. A text with only the mention stays, so that it gets an answer. */
function withoutMention(written: Written, us: BotIdentity): Written {
  if (us.username === null) return written;
  const mention = mentionOf(us.username);
  const addressed = new RegExp(`^${mention.source}[,:]?\\s*`, "gi");
  const begun = cut(written, matchesOf(written, addressed));
  const within = matchesOf(begun, mention).map((stretch) => withSpaceBefore(begun.text, stretch));
  const rest = trimmed(cut(begun, within));
  return rest.text === "" ? written : rest;
}

/** Without a regular expression, because it takes quadratic time on a text full of spaces. */
function withSpaceBefore(text: string, [start, end]: Stretch): Stretch {
  let from = start;
  while (from > 0 && (text[from - 1] ?? "").trim() === "") from--;
  return [from, end];
}
