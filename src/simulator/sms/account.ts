import { type Line, numberOf } from "../line/line.ts";

/** The prefix of addresses in RCS. */
export const RCS = "rcs:";

export interface SmsAccount {
  name: string;
  accountSid: string;
  authToken: string;
  /** A number (`+14155238886`), a short code, or an RCS sender alone (`rcs:…`). */
  from: string;
  /** The RCS sender, and the Messaging Service with it and the number. Absent: there is none. */
  rcs?: { sender: string; messagingServiceSid: string } | undefined;
  /** The URL that gets messages; null: none. */
  webhookUrl: string | null;
}

/** A number with its users. */
export interface SmsLine extends Line {
  /** Numbers of users who wrote STOP. */
  optedOut: Set<string>;
  /** Numbers of phones without RCS. */
  withoutRcs: Set<string>;
}

/** The address that a message goes to or comes from, such as `rcs:+491701234567`. */
export const addressOf = (number: string, via: "sms" | "rcs") => `${via === "rcs" ? RCS : ""}+${number}`;

/** The account's RCS sender; null: it has none. */
export const rcsSenderOf = ({ from, rcs }: SmsAccount): string | null =>
  from.startsWith(RCS) ? from : (rcs?.sender ?? null);

/** The way between a phone and the account. A name with a prefix says whether the phone has RCS. */
export function wayOf(account: SmsAccount, line: SmsLine, name: string): "sms" | "rcs" {
  const number = numberOf(name);
  if (name.startsWith("sms:")) line.withoutRcs.add(number);
  if (name.startsWith(RCS)) line.withoutRcs.delete(number);
  return rcsSenderOf(account) !== null && !line.withoutRcs.has(number) ? "rcs" : "sms";
}
