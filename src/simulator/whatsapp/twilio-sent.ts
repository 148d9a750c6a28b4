import type { StoredMessage } from "./line.ts";
import type { TwilioAccount } from "./twilio.ts";

const MOST_LISTED = 500;

/** The messages that calls have created, newest first. */
export type SentMessages = ReturnType<typeof createSentMessages>;

/** The path of everything that belongs to an account. */
export const accountPath = (accountSid: string) => `/2010-04-01/Accounts/${accountSid}`;

/** Keeps the messages that calls create, and describes them as Twilio does ("Message resource"). */
export function createSentMessages({ accountSid, from }: Pick<TwilioAccount, "accountSid" | "from">) {
  const path = accountPath(accountSid);
  const all: { message: StoredMessage; to: string; date: string }[] = [];

  function describe({ message, to, date }: (typeof all)[number], status: string): object {
    return {
      sid: message.id,
      account_sid: accountSid,
      messaging_service_sid: null,
      from,
      to: `whatsapp:+${to}`,
      body: message.text,
      status,
      num_media: message.file === null ? "0" : "1",
      num_segments: "1",
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
    add(message: StoredMessage, to: string): object {
      const added = { message, to, date: new Date(message.at).toUTCString() };
      all.unshift(added);
      all.splice(MOST_LISTED);
      return describe(added, "queued");
    },
    /** One message; undefined: there is none with this id. */
    find(sid: string | undefined): object | undefined {
      const found = all.find(({ message }) => message.id === sid);
      return found && describeNow(found);
    },
    /** The page of messages, of one receiver if the query names one. */
    list(query: URLSearchParams): object {
      const to = query.get("To")?.replace(/\D/g, "");
      const messages = all.filter((each) => to === undefined || each.to === to).map(describeNow);
      const uri = `${path}/Messages.json`;
      const pages = { first_page_uri: uri, previous_page_uri: null, next_page_uri: null, uri };
      const place = { page: 0, page_size: 50, start: 0, end: Math.max(0, messages.length - 1) };
      return { messages, ...place, ...pages };
    },
  };
}
