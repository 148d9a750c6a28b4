import type { InboundAttachment } from "../../../core/message/inbound-message.ts";
import type { JsonObject } from "../../../core/text/json.ts";
import { placeDetails, placeText, readReaction } from "../details.ts";
import { unreadableText } from "../inbound.ts";
import { type MetaMessage, messageSchema } from "./payload.ts";
import { contactsDetails, contactsText, orderText } from "./words.ts";

/** The content of a user's message of any type: text, files, a button's payload, and the data behind the text. */
export interface Content {
  text: string;
  attachments: InboundAttachment[];
  payload: string | undefined;
  details?: JsonObject;
}

const KINDS = { image: "image", sticker: "image", audio: "audio", video: "video", document: "file" } as const;

/** Null for a message that needs no answer: a message or reaction taken back, a notice of WhatsApp. */
export function contentOf(message: MetaMessage): Content | null {
  return message.type === "edit" ? editedContent(message) : plainContent(message);
}

/** An edit counts as the user's new message. */
function editedContent({ id, edit }: MetaMessage): Content | null {
  const edited = messageSchema.safeParse({ ...asRecord(edit?.message), id });
  return edited.success ? plainContent(edited.data) : unreadable();
}

const asRecord = (value: unknown) => (typeof value === "object" ? value : null);

const unreadable = () => only(unreadableText());

/** The kind of a message that Meta does not pass on, or that is new. */
function kindOf({ type, unsupported }: MetaMessage): string | undefined {
  return unsupported?.type ?? (type === "unsupported" || type === "unknown" ? undefined : type);
}

const only = (text: string, payload?: string): Content => ({ text, attachments: [], payload });

function plainContent(message: MetaMessage): Content | null {
  const { button, location } = message;
  switch (message.type) {
    case "reaction":
      return reactionTo(message);
    case "revoke":
    case "system":
      return null;
    case "text":
      return only(message.text?.body ?? "");
    case "button":
      return only(button?.text ?? "", button?.payload);
    case "interactive":
      return interactive(message);
    case "image":
    case "sticker":
    case "audio":
    case "video":
    case "document":
      return file(message, message.type);
    case "location":
      return location === undefined
        ? unreadable()
        : { ...only(placeText(location)), details: placeDetails(location) };
    case "contacts": {
      const { contacts = [] } = message;
      return { ...only(contactsText(contacts)), details: contactsDetails(contacts) };
    }
    case "order":
      return only(orderText(message.order));
    default:
      return only(unreadableText(kindOf(message)));
  }
}

/** The message that it is about is named with the other references. */
function reactionTo({ reaction }: MetaMessage): Content | null {
  if (reaction?.emoji === undefined) return null;
  const { text, details } = readReaction({ emoji: reaction.emoji, messageId: reaction.message_id });
  return { ...only(text), details };
}

function interactive(message: MetaMessage): Content {
  const { button_reply, list_reply, nfm_reply } = message.interactive ?? {};
  const chosen = button_reply ?? list_reply;
  if (chosen !== undefined) return only(chosen.title ?? chosen.id ?? unreadableText(), chosen.id);
  if (nfm_reply !== undefined) return only(nfm_reply.body ?? "[form]", nfm_reply.response_json);
  return unreadable();
}

function file(message: MetaMessage, type: keyof typeof KINDS): Content {
  const media = message[type];
  if (media?.id === undefined) return unreadable();
  const { id, mime_type, filename, caption } = media;
  const attachment: InboundAttachment = {
    kind: KINDS[type],
    platformId: id,
    ...(filename === undefined ? {} : { name: filename }),
    ...(mime_type === undefined ? {} : { contentType: mime_type }),
  };
  return { text: caption ?? "", attachments: [attachment], payload: undefined };
}
