import type { JsonObject } from "../text/json.ts";
import type { AttachmentKind } from "./attachment.ts";

/** A conversation on a platform, in the channel's own terms. */
export interface ConversationRef {
  /**
   * The address for replies (`12345`, `-100987:17` for a forum topic). Only the channel reads it. Each address has its
   * own delivery queue.
   */
  address: string;
  /** The user, unique within the channel. */
  userIdentifier: string;
  /**
   * Other identifiers of the same user, for platforms that use several (a phone number, an id). An event may lack some.
   * A user known by any of them stays the same user and keeps the stored address.
   */
  aliases?: readonly string[];
  /**
   * The group that the conversation is a topic of, or the person whose topic it is. Access for one of them is access
   * for the conversation.
   */
  partOf?: string;
  /**
   * Names the session on channels with many sessions per user (Slack: channel + thread). Null: a user has one session.
   */
  externalKey: string | null;
}

/** A file that came with a message: its id on the platform, and what the platform told about it. */
export interface InboundAttachment {
  kind: AttachmentKind;
  platformId: string;
  name?: string;
  contentType?: string;
  bytes?: number;
}

/** A message that another message refers to: the thread before a first mention, a forward, a quote, a reply. */
export interface MessageReference {
  kind: "thread" | "forward" | "quote" | "reply";
  /** The author's name as the platform gives it. */
  author?: string;
  /** Excerpt of the text. The store keeps at most 1,000 characters. */
  text?: string;
  /** The platform's id of the message. The store uses it to find our own message. */
  externalId?: string;
}

/** A user's message in the one format that every channel produces. */
export interface InboundMessage {
  type: "message";
  /** Platform event ids, at least one. The message is new only if every id is new. */
  eventKeys: readonly [string, ...string[]];
  conversation: ConversationRef;
  /** The slug of the target agent, on channels with several agents. Absent: the channel's own agent. */
  agent?: string;
  /** Display name as the platform gave it. Fills the variable `user_name`. */
  userName?: string;
  /** Other data of the platform about the user (username). `locale` is their language, as a tag. */
  profile?: JsonObject;
  text: string;
  attachments?: InboundAttachment[];
  /** The payload of a pressed button. */
  payload?: string;
  /** The writer, in a conversation where several people can write (a group, a thread). Absent if one person writes. */
  author?: { identifier: string; name?: string };
  /** The time of writing by the platform's clock. Absent if the platform does not tell it. */
  sentAt?: Date;
  /**
   * Messages that this one refers to, nearest last. If the message is only a forward, the forwarded text is also in
   * `text`.
   */
  references?: readonly MessageReference[];
  /** Messages of one album share this key within their conversation. They become one message. */
  albumKey?: string;
  /**
   * With `albumKey`: a part that is not for the bot by itself (a group's picture without a mention). The bot gets it
   * only together with another part of its album. It is kept for one minute, so that it can join that part.
   */
  onlyWithAlbum?: true;
  /**
   * The platform's token for a reply to exactly this message (an interaction, a reply token). Only the channel reads
   * it.
   */
  replyReference?: string;
  /**
   * The platform reports one message in several events, and this event may contain more than an earlier one. New files
   * and references join the stored message until its turn begins. After that they become a separate message.
   */
  supplements?: true;
  /**
   * The user rewrote the message with the same `replyReference`, or the message with this event key. Its words change if
   * its turn has not begun. If the message is unknown, the edit waits for it.
   */
  edits?: true | { eventKey: string };
  /** The origin of the message (an advertisement). Kept with the message, and with a session that has no such data yet. */
  metadata?: JsonObject;
  /**
   * The data behind the words: a place (`location`), shared `contacts`, a `reaction`. Bots get it, and it is kept in the
   * message's metadata.
   */
  details?: JsonObject;
}
