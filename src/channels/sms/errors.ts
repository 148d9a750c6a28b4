import type { ProviderWords } from "../kit/api-fault.ts";
import { twilioWords } from "../twilio/codes.ts";

const NO_SERVICE =
  "the Twilio account has no such Messaging Service; copy `rcs.messagingServiceSid` again from the console";

/** Refusals that only SMS and RCS have (Twilio, "Error and warning dictionary"). */
const SENTENCES: Readonly<Record<number, string>> = {
  21211: "this is no number that can be written to",
  21408: "the Twilio account may not send to this country; allow it under Messaging, Geo permissions",
  21614: "this is no mobile number",
  21667: "the Messaging Service has no RCS sender; add `rcs.sender` to its sender pool",
  21701: NO_SERVICE,
  21703:
    "the Messaging Service has no sender for this message; add `from` and `rcs.sender` to its sender pool",
  21705: NO_SERVICE,
  30003: "the phone is switched off or out of reach",
  30004: "the phone, or its network, blocks the message",
  30005: "there is no such number",
  30006: "the number is a landline, or its network cannot be reached",
  30007: "the network took the message for spam",
  30034: "the number is not registered for messages to the United States (A2P 10DLC)",
  63007: "`from` is not an RCS sender of this Twilio account",
};

/** Twilio's errors in the words of an SMS channel. */
export const words: ProviderWords = {
  ...twilioWords,
  sentenceOf: (code) => SENTENCES[code] ?? twilioWords.sentenceOf(code),
};
