import type { Json } from "./json.ts";

/** Stands for the part of a contact that is not shown. It always has this length, so it tells nothing. */
const HIDDEN = "•••";
/** Shorter ones are hidden whole, because their end would tell too much. */
const SHOWN_FROM = 7;

/** Visitors of the web chat get these from us. They lead to nobody. */
const ANONYMOUS = /^anon:/;

/** Fields that hold an address on a platform. */
const ADDRESS =
  /^(?:identifier|user_identifier|external_ids?|address|alias|aliases|wa_id|chat_id|username|handle)$/;
/** Fields of profiles and of participant data that hold a contact, as people and platforms call them. */
const CONTACT =
  /(?:^|_)(?:e_?mail|phone|phone_?number|mobile|cell|telephone|msisdn|whatsapp|wa_id|telegram|username)(?:_|$)/;
/** Fields that only programs read. */
const OPAQUE = /^(?:cursor|next_cursor|url|type|content_type)$/;
const OWN_ID = /^[0-9A-Za-z]{27}$/;

const EMAIL = /[\p{L}\p{N}._%+-]{1,64}@[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)+/gu;
const PHONES: readonly RegExp[] = [
  // With the code of a country: +49 170 1234567, 0049 170 1234567.
  /(?<![\w+])(?:\+|00)[1-9][\d ()/-]{5,20}\d(?!\w)/g,
  // Within a country: 0170 1234567, 0170/1234567.
  /(?<![\w.:+/-])\(?0\d{1,5}\)?[ /-]?\d[\d -]{4,13}\d(?!\w)/g,
  // In North America: (415) 523-8886.
  /(?<![\w+-])\(?\d{3}\)?[ .-]\d{3}[.-]\d{4}(?!\w)/g,
  // Ids of chats, and numbers without any sign.
  /(?<![\w.])\d{10,15}(?![\w.])/g,
];

/** An identifier that people may know and not read: `•••567`. */
function maskIdentifier(identifier: string): string {
  if (identifier === "" || ANONYMOUS.test(identifier)) return identifier;
  return identifier.length < SHOWN_FROM ? HIDDEN : `${HIDDEN}${identifier.slice(-3)}`;
}

/** The same text with its phone numbers and e-mail addresses masked. */
export function maskContactsIn(text: string): string {
  const withoutEmails = text.replace(EMAIL, (address) => `${address.slice(0, 1)}${HIDDEN}@${HIDDEN}`);
  return PHONES.reduce((masked, phone) => masked.replace(phone, maskIdentifier), withoutEmails);
}

/**
 * The same JSON with its contacts masked: fields that hold contacts, and phone numbers and e-mail addresses in texts.
 * Our own ids stay, so that links work.
 */
export function maskContacts(value: Json, field = ""): Json {
  if (Array.isArray(value)) return value.map((item) => maskContacts(item, field));
  if (typeof value === "object" && value !== null)
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, maskContacts(item, name)]));
  const name = field.replaceAll(/(?<=[a-z])(?=[A-Z])|[ -]/g, "_").toLowerCase();
  const isContact = ADDRESS.test(name) || CONTACT.test(name);
  if (typeof value === "number") return isContact ? maskIdentifier(String(value)) : value;
  if (typeof value !== "string" || OPAQUE.test(name)) return value;
  if (!isContact) return OWN_ID.test(value) ? value : maskContactsIn(value);
  return value.search(EMAIL) === -1 ? maskIdentifier(value) : maskContactsIn(value);
}

/** Masks a text that comes in pieces. A contact may be cut between two of them, so the end of each is held back. */
export interface MaskedPieces {
  /** The part that is safe to show now. */
  add(piece: string): string;
  /** The rest. */
  end(): string;
}

/** Longer than any contact. */
const MOST_HELD = 200;

export function maskedPieces(): MaskedPieces {
  let held = "";
  return {
    add(piece) {
      held += piece;
      // Only the end is searched, because the expression takes quadratic time on a long word.
      const from = Math.max(0, held.length - MOST_HELD - 1);
      const contact = /(?:\S|(?<=[\d)]) )+$/.exec(held.slice(from));
      const safe = Math.max(contact === null ? held.length : from + contact.index, held.length - MOST_HELD);
      const shown = held.slice(0, safe);
      held = held.slice(safe);
      return maskContactsIn(shown);
    },
    end() {
      const rest = maskContactsIn(held);
      held = "";
      return rest;
    },
  };
}
