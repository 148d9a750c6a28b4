import type { SlackMessage } from "./event.ts";

/** The bot's own identity. An id is missing until an event or Slack's API gives it. */
export interface SlackIdentity {
  /** Our bot user (U…), as mentions name it. */
  userId: string | null;
  botId: string | null;
  appId: string | null;
  name: string | null;
}

/** Tells if a message is meant for the bot. */
export type Addressing =
  | { kind: "for_us" }
  | { kind: "not_for_us" }
  /** Only if its thread is one of ours. */
  | { kind: "if_known_thread" };

/**
 * Subtypes of messages in which a person writes something new (docs.slack.dev, message subtypes). No other subtype is.
 */
export const WRITTEN: ReadonlySet<string> = new Set(["file_share", "thread_broadcast", "me_message"]);

/** The reason why a message is never answered, whatever its text; null if there is none. */
export function barredBecause(message: SlackMessage, us: SlackIdentity): string | null {
  const { subtype, user, bot_id: botId, app_id: appId } = message;
  if (subtype !== undefined && !WRITTEN.has(subtype)) return `subtype ${subtype}`;
  // Two bots that answer each other never stop. This includes our own bot.
  if (botId != null || (appId != null && appId === us.appId)) return "written by a bot";
  if (user === undefined) return "written by nobody";
  if (user === us.userId || user === "USLACKBOT") return "written by a bot";
  return null;
}

export const isDirect = (message: SlackMessage) =>
  message.channel_type === "im" || (message.channel_type === undefined && message.channel.startsWith("D"));

/** The messages of our threads that are for the bot: all, or only those that mention it. */
export type ThreadRule = "all" | "mention";

/**
 * In a direct message everything is for the bot. Elsewhere a message is for it in three cases. It mentions the bot, it
 * answers a message of the bot, or its thread is one where the bot talks. A message in such a thread is not for it if
 * it begins with another person's mention.
 */
export function addressingOf(
  message: SlackMessage,
  text: string,
  us: SlackIdentity,
  rule: ThreadRule,
): Addressing {
  if (isDirect(message) || mentionsUs(message, text, us)) return { kind: "for_us" };
  if (!isReply(message) || rule === "mention" || turnsToAnother(text)) return { kind: "not_for_us" };
  return us.userId !== null && message.parent_user_id === us.userId
    ? { kind: "for_us" }
    : { kind: "if_known_thread" };
}

/** Returns true if a message is in a thread that another message began. */
export const isReply = ({ thread_ts: thread, ts }: SlackMessage) => thread !== undefined && thread !== ts;

/** Slack sends such a message twice: as an ordinary message, and as a mention. */
export function mentionsUs(message: SlackMessage, text: string, us: SlackIdentity): boolean {
  return message.type === "app_mention" || (us.userId !== null && mentions(text, us.userId));
}

/** The text begins with the mention of a person or group. The caller knows that it is not ours. */
const turnsToAnother = (text: string) => /^\s*<(?:@|!subteam\^)[A-Z0-9]/.test(text);

const mentions = (text: string, userId: string) => mentionsOf(text, userId).next().done !== true;

/** Both `<@us>, hello` and `hello <@us>` become `hello`. */
export function withoutMention(text: string, us: SlackIdentity): string {
  if (us.userId === null) return text.trim();
  let rest = "";
  let at = 0;
  for (const [start, end] of mentionsOf(text, us.userId)) {
    const before = text.slice(at, start);
    const leads = rest === "" && before.trim() === "";
    // Removes the space before the mention too, and the comma or colon after a mention at the start.
    rest += leads ? "" : withoutSpaceBehind(before);
    at = leads && /[,:]/.test(text[end] ?? "") ? end + 1 : end;
  }
  return (rest + text.slice(at)).trim();
}

/**
 * The positions of mentions: `<@U123>` or `<@U123|name>`. Without regular expressions, because they took quadratic time
 * on a hostile text.
 */
function* mentionsOf(text: string, userId: string): Generator<[start: number, end: number]> {
  const mention = `<@${userId}`;
  for (let start = text.indexOf(mention); start !== -1; ) {
    const next = start + mention.length;
    const end = text[next] === ">" || text[next] === "|" ? text.indexOf(">", next) : next - 1;
    if (end === -1) return;
    if (end >= next) yield [start, end + 1];
    start = text.indexOf(mention, end + 1);
  }
}

function withoutSpaceBehind(text: string): string {
  let end = text.length;
  while (end > 0 && text[end - 1] !== "\n" && (text[end - 1] ?? "").trim() === "") end--;
  return text.slice(0, end);
}
