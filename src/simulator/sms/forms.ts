import { segmentsOf } from "../../core/text/sms-segments.ts";
import type { Choice, Failure, StoredFile, StoredMessage } from "../line/line.ts";
import { arrivedFields, stateFields } from "../twilio/form-fields.ts";
import { addressOf, rcsSenderOf, type SmsAccount } from "./account.ts";

/** The segments in which a message is carried. A file makes it an MMS, and RCS has none: both count as one. */
export const segmentsIn = ({ text, file, via }: Pick<StoredMessage, "text" | "file" | "via">): number =>
  via === "rcs" || file !== null ? 1 : segmentsOf(text).segments;

/** The sender of the account on a way. */
export const ourAddress = (account: SmsAccount, via: "sms" | "rcs"): string =>
  (via === "rcs" ? rcsSenderOf(account) : null) ?? account.from;

/** The form that Twilio posts for a message of a user. `file`: the address and the type of its file. */
export function messageForm(
  account: SmsAccount,
  number: string,
  message: StoredMessage,
  {
    pressed,
    file,
  }: { pressed: Choice | null; file: (Pick<StoredFile, "contentType"> & { url: string }) | null },
): Record<string, string> {
  const { id, text, via = "sms" } = message;
  const media = file === null ? {} : { MediaUrl0: file.url, MediaContentType0: file.contentType };
  const button = pressed === null ? {} : { ButtonText: pressed.title, ButtonPayload: pressed.id };
  const service = account.rcs && { MessagingServiceSid: account.rcs.messagingServiceSid };
  return {
    ...arrivedFields(id, account.accountSid),
    ...service,
    From: addressOf(number, via),
    To: ourAddress(account, via),
    Body: text,
    NumMedia: file === null ? "0" : "1",
    NumSegments: String(segmentsIn(message)),
    ...(via === "rcs" ? { ChannelMetadata: RCS_METADATA } : countryFields(number)),
    ...media,
    ...button,
  };
}

const RCS_METADATA = JSON.stringify({ type: "rcs", data: {} });

/** Twilio guesses the country of a number. */
const countryFields = (number: string) => {
  const country = COUNTRIES.find(([prefix]) => number.startsWith(prefix))?.[1];
  return country === undefined ? {} : { FromCountry: country };
};

const COUNTRIES = [
  ["1", "US"],
  ["33", "FR"],
  ["43", "AT"],
  ["44", "GB"],
  ["49", "DE"],
] as const;

/** The form for the state of one of our messages. */
export function statusForm(
  account: SmsAccount,
  number: string,
  { id, via = "sms" }: StoredMessage,
  { status, failure }: { status: string; failure: Failure | null },
): Record<string, string> {
  return {
    ...stateFields(id, account.accountSid, status),
    From: ourAddress(account, via),
    To: addressOf(number, via),
    ...(via === "rcs" ? { ChannelPrefix: "rcs" } : {}),
    ...(status === "read" ? { EventType: "READ" } : {}),
    ...(failure === null ? {} : { ErrorCode: String(failure.code), ErrorMessage: failure.title }),
  };
}
