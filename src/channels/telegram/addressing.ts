import type { BotIdentity } from "./identity.ts";
import type { TelegramMessage } from "./update.ts";

/** Whether a message is meant for us, and its text without the parts that only say so. */
export type Addressing =
  | { kind: "for_us"; text: string; payload?: string }
  | { kind: "not_for_us" }
  /** It names some bot, and we do not know our own name yet. */
  | { kind: "unsure" };

/** The commands we register; in a group they are ours even without `@our_name`. */
const OWN_COMMANDS: ReadonlySet<string> = new Set(["start", "reset"]);

/**
 * In a private chat everything is for us, except a command for another bot. In a group only what mentions us, what
 * replies to us, and commands for us. `/reset@our_name` becomes `/reset`; a mention is taken out of the text.
 */
export function addressingOf(message: TelegramMessage, us: BotIdentity): Addressing {
  const text = (message.text ?? message.caption ?? message.sticker?.emoji ?? "").trim();
  const isPrivate = message.chat.type === "private";
  const command = readCommand(text);

  if (command?.bot != null) {
    if (us.username === null && !isPrivate) return { kind: "unsure" };
    if (us.username !== null && !sameName(command.bot, us.username)) return { kind: "not_for_us" };
    return asCommand(command);
  }
  if (isPrivate) return command === null ? { kind: "for_us", text } : asCommand(command);
  if (command !== null && OWN_COMMANDS.has(command.name.toLowerCase())) return asCommand(command);
  if (repliesToUs(message, us) || namesUsById(message, us))
    return { kind: "for_us", text: withoutMention(text, us) };
  if (us.username === null) return /@\w/.test(text) ? { kind: "unsure" } : { kind: "not_for_us" };
  return mentionOf(us.username).test(text)
    ? { kind: "for_us", text: withoutMention(text, us) }
    : { kind: "not_for_us" };
}

interface Command {
  name: string;
  /** The name after `@`, if one was given. */
  bot: string | null;
  /** White space and arguments, as written. */
  rest: string;
}

function readCommand(text: string): Command | null {
  const [, name, bot, rest = ""] = /^\/(\w{1,64})(?:@(\w+))?(?=\s|$)([\s\S]*)$/.exec(text) ?? [];
  return name === undefined ? null : { name, bot: bot ?? null, rest };
}

function asCommand(command: Command): Addressing {
  const text = `/${command.name}${command.rest}`;
  // What a link such as t.me/our_bot?start=campaign7 carries (Bot API, deep linking).
  const [, payload] = /^\s+([A-Za-z0-9_-]{1,64})$/.exec(command.rest) ?? [];
  return command.name.toLowerCase() === "start" && payload !== undefined
    ? { kind: "for_us", text, payload }
    : { kind: "for_us", text };
}

function repliesToUs(message: TelegramMessage, us: BotIdentity): boolean {
  const replied = message.reply_to_message;
  // Every message in a topic "replies" to the service message that created the topic.
  if (replied?.from === undefined || replied.forum_topic_created !== undefined) return false;
  return us.ids.includes(replied.from.id);
}

/** A mention by id instead of name, which clients make when one is picked from the member list. */
function namesUsById(message: TelegramMessage, us: BotIdentity): boolean {
  const entities = [...(message.entities ?? []), ...(message.caption_entities ?? [])];
  return entities.some(({ type, user }) => type === "text_mention" && user && us.ids.includes(user.id));
}

const sameName = (a: string, b: string) => a.toLowerCase() === b.toLowerCase();

const mentionOf = (username: string) => new RegExp(`(?<![\\w@])@${username}(?!\\w)`, "i");

/** `@us, hello` and `hello @us` are both `hello`. A text that is nothing but the mention stays, so that it is answered. */
function withoutMention(text: string, us: BotIdentity): string {
  if (us.username === null) return text;
  const name = mentionOf(us.username).source;
  const stripped = text
    .replace(new RegExp(`^${name}[,:]?\\s*`, "i"), "")
    .replace(new RegExp(`\\s*${name}`, "gi"), "")
    .trim();
  return stripped === "" ? text : stripped;
}
