import { shortened } from "../text/text.ts";
import type { MessageReference } from "./inbound-message.ts";
import { nameLine } from "./name-line.ts";

/** A stored reference from one message to another. */
export interface StoredReference {
  kind: MessageReference["kind"];
  author: string | null;
  text: string | null;
  externalId: string | null;
  /** The id of our own message, if the reference points to one. */
  messageId: string | null;
  /** The writer of that message. */
  from: "user" | "assistant" | null;
}

/** The writer of a message. `via`: the app with which a person of the business wrote it. */
export interface MessageAuthor {
  identifier: string;
  name: string | null;
  via?: string;
}

/** The writer and time of a message, and the messages it refers to. */
export interface MessageContext {
  author: MessageAuthor | null;
  sentAt: Date | null;
  /** Nearest last. */
  references: readonly StoredReference[];
}

/** Our own message with a given id of the platform. */
export interface KnownMessage {
  id: string;
  from: "user" | "assistant";
  content: string;
}

const TEXT_LIMIT = 1_000;
/** Only the newest references of a long thread are kept. */
const REFERENCE_LIMIT = 20;

/** References in stored form: limited in length, and with our own message's id in place of the platform's. */
export function storedReferences(
  references: readonly MessageReference[],
  known: ReadonlyMap<string, KnownMessage>,
): StoredReference[] {
  return references.slice(-REFERENCE_LIMIT).map(({ kind, author, text, externalId }) => {
    const own = externalId === undefined ? undefined : known.get(externalId);
    const words = text?.trim() || own?.content.trim();
    return {
      kind,
      author: nameLine(author ?? "") || null,
      text: words ? shortened(words, TEXT_LIMIT) : null,
      externalId: externalId ?? null,
      messageId: own?.id ?? null,
      from: own?.from ?? null,
    };
  });
}

/** The references of a database row. */
export function readReferences(stored: unknown): StoredReference[] {
  return Array.isArray(stored) ? stored : [];
}

/** The context of a message row; null if the row has none, which is usual. */
export function toContext(row: {
  author: MessageContext["author"];
  sent_at: Date | null;
  message_references: unknown;
}): MessageContext | null {
  if (row.author === null && row.sent_at === null && row.message_references === null) return null;
  return { author: row.author, sentAt: row.sent_at, references: readReferences(row.message_references) };
}

/** A reference as it is sent to clients and bots. */
export interface ReferenceFields {
  kind: StoredReference["kind"];
  message_id: string | null;
  author: string | null;
  text: string | null;
}

/** The context of a message as it is sent to clients and bots. */
export interface ContextFields {
  author: MessageAuthor | null;
  sent_at: string | null;
  /** The newest message that it replies to or quotes. */
  reply_to: Omit<ReferenceFields, "kind"> | null;
  /** The author of the newest forward in it. */
  forwarded_from: string | null;
  references: ReferenceFields[];
}

/** Author of a forward if the platform hides the real one. */
const UNKNOWN_AUTHOR = "unknown";

export function contextFields(context: MessageContext | null): ContextFields {
  const { author, sentAt, references } = context ?? { author: null, sentAt: null, references: [] };
  const reply = references.findLast(({ kind }) => kind === "reply" || kind === "quote");
  const forward = references.findLast(({ kind }) => kind === "forward");
  return {
    author: author && {
      identifier: author.identifier,
      name: author.name,
      ...(author.via === undefined ? {} : { via: author.via }),
    },
    sent_at: sentAt?.toISOString() ?? null,
    reply_to:
      reply === undefined ? null : { message_id: reply.messageId, author: reply.author, text: reply.text },
    forwarded_from: forward === undefined ? null : (forward.author ?? UNKNOWN_AUTHOR),
    references: references.map(({ kind, messageId, author, text }) => ({
      kind,
      message_id: messageId,
      author,
      text,
    })),
  };
}
