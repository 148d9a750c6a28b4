import type { SlackMessage } from "./event.ts";

/** What is known of ourselves; ids that no event has told yet and Slack could not be asked for are missing. */
export interface SlackIdentity {
  /** Our bot user (U…): what a mention names. */
  userId: string | null;
  botId: string | null;
  appId: string | null;
  name: string | null;
}

/** Whether a message is meant for us. */
export type Addressing =
  | { kind: "for_us" }
  | { kind: "not_for_us" }
  /** Only if its thread is one of ours. */
  | { kind: "if_known_thread" };

/** Subtypes that are a person writing something new (docs.slack.dev, message subtypes); every other is not. */
const WRITTEN: ReadonlySet<string> = new Set(["file_share", "thread_broadcast", "me_message"]);

/** Why a message is never answered whatever it says, or null. */
export function barredBecause(message: SlackMessage, us: SlackIdentity): string | null {
  const { subtype, user, bot_id: botId, app_id: appId } = message;
  if (subtype !== undefined && !WRITTEN.has(subtype)) return `subtype ${subtype}`;
  // Two bots that answer each other never stop; that includes ourselves.
  if (botId != null || (appId != null && appId === us.appId)) return "written by a bot";
  if (user === undefined) return "written by nobody";
  if (user === us.userId || user === "USLACKBOT") return "written by a bot";
  return null;
}

export const isDirect = (message: SlackMessage) =>
  message.channel_type === "im" || (message.channel_type === undefined && message.channel.startsWith("D"));

/**
 * In a direct message everything is for us. Elsewhere what mentions us, what answers a message of ours, and everything
 * in a thread in which we talk already.
 */
export function addressingOf(message: SlackMessage, us: SlackIdentity): Addressing {
  if (message.type === "app_mention" || isDirect(message)) return { kind: "for_us" };
  if (us.userId !== null && (message.text ?? "").includes(`<@${us.userId}`)) return { kind: "for_us" };
  const isReply = message.thread_ts !== undefined && message.thread_ts !== message.ts;
  if (!isReply) return { kind: "not_for_us" };
  return us.userId !== null && message.parent_user_id === us.userId
    ? { kind: "for_us" }
    : { kind: "if_known_thread" };
}

/** `<@us>, hello` and `hello <@us>` are both `hello`. A text that is nothing but the mention stays, so that it is answered. */
export function withoutMention(text: string, us: SlackIdentity): string {
  if (us.userId === null) return text.trim();
  const mention = `<@${us.userId}(?:\\|[^>]*)?>`;
  const stripped = text
    .replace(new RegExp(`^\\s*${mention}[,:]?\\s*`), "")
    .replace(new RegExp(`[^\\S\\n]*${mention}`, "g"), "")
    .trim();
  return stripped === "" ? text.trim() : stripped;
}
