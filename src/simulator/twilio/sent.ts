import type { StoredMessage } from "../line/line.ts";
import { accountPath } from "./answers.ts";

const MOST_LISTED = 500;

/** The addresses of a sent message, and its length in segments. */
export interface SentAddresses {
  from: string;
  to: string;
  /** The Messaging Service that the call names; null: none. */
  serviceSid: string | null;
  segments: number;
}

/** The messages that calls have created, newest first. */
export type SentMessages = ReturnType<typeof createSentMessages>;

/** Keeps the messages that calls create, and describes them as Twilio does ("Message resource"). */
export function createSentMessages(accountSid: string) {
  const path = accountPath(accountSid);
  const all: { message: StoredMessage; addresses: SentAddresses; date: string }[] = [];

  function describe({ message, addresses, date }: (typeof all)[number], status: string): object {
    return {
      sid: message.id,
      account_sid: accountSid,
      messaging_service_sid: addresses.serviceSid,
      from: addresses.from,
      to: addresses.to,
      body: message.text,
      status,
      num_media: message.file === null ? "0" : "1",
      num_segments: String(addresses.segments),
      direction: "outbound-api",
      api_version: "2010-04-01",
      date_created: date,
      date_updated: date,
      date_sent: null,
      error_code: null,
      error_message: null,
      price: null,
      price_unit: null,
      uri: `${path}/Messages/${message.id}.json`,
      subresource_uris: { media: `${path}/Messages/${message.id}/Media.json` },
    };
  }

  const describeNow = (each: (typeof all)[number]) => describe(each, each.message.receipt ?? "queued");

  return {
    /** Adds a message and describes it as Twilio answers the call: queued. */
    add(message: StoredMessage, addresses: SentAddresses): object {
      const added = { message, addresses, date: new Date(message.at).toUTCString() };
      all.unshift(added);
      all.splice(MOST_LISTED);
      return describe(added, "queued");
    },
    /** One message; undefined: there is none with this id. */
    find(sid: string | undefined): object | undefined {
      const found = all.find(({ message }) => message.id === sid);
      return found && describeNow(found);
    },
    /** The page of messages, between the addresses that the query names. */
    list(query: URLSearchParams): object {
      const [to, from] = [query.get("To"), query.get("From")];
      const isAsked = ({ addresses }: (typeof all)[number]) =>
        (to === null || addresses.to === to) && (from === null || addresses.from === from);
      const messages = all.filter(isAsked).map(describeNow);
      const uri = `${path}/Messages.json`;
      const pages = { first_page_uri: uri, previous_page_uri: null, next_page_uri: null, uri };
      const place = { page: 0, page_size: 50, start: 0, end: Math.max(0, messages.length - 1) };
      return { messages, ...place, ...pages };
    },
  };
}
