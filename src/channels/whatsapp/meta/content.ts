import type { InboundAttachment } from "../../../core/channel-event.ts";
import { placeText } from "../inbound.ts";
import type { MetaMessage } from "./payload.ts";

/** What a user sent, whatever its type, as words, files and what a button carries. */
export interface Content {
  text: string;
  attachments: InboundAttachment[];
  payload: string | undefined;
}

const KINDS = { image: "image", sticker: "image", audio: "audio", video: "video", document: "file" } as const;

/** Null for what is no message to answer: a reaction, a notice of WhatsApp's own. */
export function contentOf(message: MetaMessage): Content | null {
  const only = (text: string, payload?: string): Content => ({ text, attachments: [], payload });
  const { button, location } = message;
  switch (message.type) {
    case "reaction":
    case "system":
      return null;
    case "text":
      return only(message.text?.body ?? "");
    case "button":
      return only(button?.text ?? "", button?.payload);
    case "interactive":
      return interactive(message, only);
    case "image":
    case "sticker":
    case "audio":
    case "video":
    case "document":
      return file(message, message.type);
    case "location":
      return location === undefined
        ? only(UNREADABLE)
        : only(placeText(location, [location.name, location.address]));
    case "contacts":
      return only(contactsText(message.contacts ?? []));
    case "order":
      return only(orderText(message.order));
    default:
      return only(UNREADABLE);
  }
}

/** Said to the bot, so that it can say so: silence would look like a lost message. */
const UNREADABLE = "[a message of a kind that cannot be read here]";

function interactive(message: MetaMessage, only: (text: string, payload?: string) => Content): Content {
  const { button_reply, list_reply, nfm_reply } = message.interactive ?? {};
  const chosen = button_reply ?? list_reply;
  if (chosen !== undefined) return only(chosen.title ?? chosen.id ?? UNREADABLE, chosen.id);
  if (nfm_reply !== undefined) return only(nfm_reply.body ?? "[form]", nfm_reply.response_json);
  return only(UNREADABLE);
}

function file(message: MetaMessage, type: keyof typeof KINDS): Content {
  const media = message[type];
  if (media?.id === undefined) return { text: UNREADABLE, attachments: [], payload: undefined };
  const { id, mime_type, filename, caption } = media;
  const attachment: InboundAttachment = {
    kind: KINDS[type],
    platformId: id,
    ...(filename === undefined ? {} : { name: filename }),
    ...(mime_type === undefined ? {} : { contentType: mime_type }),
  };
  return { text: caption ?? "", attachments: [attachment], payload: undefined };
}

function contactsText(contacts: NonNullable<MetaMessage["contacts"]>): string {
  const lines = contacts.map(({ name, phones, emails }) =>
    [name?.formatted_name, ...phones.map(({ phone }) => phone), ...emails.map(({ email }) => email)]
      .filter((word) => word)
      .join(", "),
  );
  return `[contact] ${lines.join("; ")}`.trim();
}

function orderText(order: MetaMessage["order"]): string {
  const items = (order?.product_items ?? []).map(
    ({ product_retailer_id: product, quantity }) => `${quantity} × ${product ?? "?"}`,
  );
  return `[order] ${[items.join(", "), order?.text].filter((words) => words).join(": ")}`.trim();
}
