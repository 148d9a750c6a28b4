import { type CodeMeaning, type ProviderWords, WINDOW_CLOSED } from "../errors.ts";

/** Twilio, "Error and warning dictionary". */
const MEANINGS: Readonly<Record<number, CodeMeaning>> = {
  10001: "misconfigured", // account not active
  20003: "misconfigured", // credentials refused
  20005: "misconfigured", // account not active
  20404: "misconfigured", // no such account
  20429: "slow_down", // too many requests
  21212: "misconfigured", // invalid From
  21606: "misconfigured", // From is not ours
  21610: "opted_out", // the user wrote STOP
  30001: "try_again", // queue overflow
  63007: "misconfigured", // no WhatsApp sender of that name
  63016: "window_closed",
  63017: "slow_down", // too many messages of the account
  63018: "slow_down", // too many messages of the sender
  63038: "misconfigured", // daily limit of the account
};

const WORDS: Readonly<Record<number, string>> = {
  10001: "the Twilio account is suspended or closed",
  20003: "Twilio refused the credentials; copy `accountSid` and `authToken` again from the Twilio console",
  20005: "the Twilio account is suspended or closed",
  20404: "Twilio knows no such account; copy `accountSid` again from the Twilio console",
  20429: "Twilio takes no more requests for the moment",
  21606: "`from` is not a sender of this Twilio account",
  21610: "the user has opted out (STOP) and can be written to again once they write START",
  63007: "`from` is not a WhatsApp sender of this Twilio account",
  63016: WINDOW_CLOSED,
  63018: "the sender has reached its limit of messages for the moment",
  63038: "the Twilio account has reached its daily limit of messages",
};

export const twilioWords: ProviderWords = {
  name: "Twilio",
  prefix: "twilio",
  receiptsAfterMs: null,
  meaningOf: (code) => MEANINGS[code] ?? "failed",
  sentenceOf: (code) => WORDS[code],
};
