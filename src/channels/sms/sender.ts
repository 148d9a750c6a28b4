import type { Sender } from "../twilio/account.ts";
import { RCS } from "./address.ts";
import type { SmsConfig } from "./config.ts";

type Senders = Pick<SmsConfig, "from" | "rcs">;

/** The sender for Twilio. With a Messaging Service, the number sends to phones without RCS. */
export const senderOf = ({ from, rcs }: Senders): Sender =>
  rcs === undefined ? { from } : { messagingServiceSid: rcs.messagingServiceSid, fallbackFrom: from };

/** The address of a user at Twilio. An RCS sender alone reaches only addresses with the prefix. */
export const recipientOf = ({ from }: Senders, number: string): string =>
  from.startsWith(RCS) ? RCS + number : number;

/** True if users write to this address of ours. */
export const isOurs = ({ from, rcs }: Senders, address: string): boolean =>
  address === from || address === rcs?.sender;
