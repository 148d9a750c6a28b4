import type { CodeMeaning, ProviderWords } from "../kit/api-fault.ts";

/** Twilio, "Error and warning dictionary". */
const MEANINGS: Readonly<Record<number, CodeMeaning>> = {
  10001: "misconfigured", // account not active
  20003: "misconfigured", // credentials refused
  20005: "misconfigured", // account not active
  20404: "misconfigured", // no such account
  20429: "slow_down", // too many requests
  20500: "try_again", // Twilio's own failure
  20503: "try_again", // Twilio is not available
  21212: "misconfigured", // invalid From
  21606: "misconfigured", // From is not ours
  21610: "opted_out", // the user wrote STOP
  21611: "slow_down", // too many messages wait for the sender
  21667: "misconfigured", // no RCS sender in the Messaging Service
  21701: "misconfigured", // no such Messaging Service
  21703: "misconfigured", // no sender in the Messaging Service
  21705: "misconfigured", // no SID of a Messaging Service
  30001: "try_again", // queue overflow
  30002: "misconfigured", // account suspended
  30008: "try_again", // unknown error
  63001: "misconfigured", // WhatsApp refused Twilio's credentials for the sender
  63002: "misconfigured", // no sender of that name
  63005: "file_refused", // content that WhatsApp does not take
  63007: "misconfigured", // no WhatsApp sender of that name
  63008: "misconfigured", // the sender's set-up
  63009: "try_again", // WhatsApp's failure
  63010: "try_again", // Twilio's own failure
  63012: "try_again", // WhatsApp's failure
  63016: "window_closed",
  63017: "slow_down", // too many messages of the account
  63018: "slow_down", // too many messages of the sender
  63019: "file_refused", // could not be loaded
  63022: "misconfigured", // the sender's name is not certified
  63038: "misconfigured", // daily limit of the account
  63051: "misconfigured", // the business account is locked
  63112: "misconfigured", // the business account is disabled
};

const WORDS: Readonly<Record<number, string>> = {
  10001: "the Twilio account is suspended or closed",
  20003: "Twilio refused the credentials; copy `accountSid` and `authToken` again from the Twilio console",
  20005: "the Twilio account is suspended or closed",
  20404: "Twilio knows no such account; copy `accountSid` again from the Twilio console",
  20429: "Twilio takes no more requests for the moment",
  21606: "`from` is not a sender of this Twilio account",
  21610: "the user has opted out (STOP) and can be written to again once they write START",
  21611: "too many messages of the sender wait at Twilio",
  30002: "the Twilio account is suspended",
  63007: "`from` is not a WhatsApp sender of this Twilio account",
  63015: "the user has not joined the sandbox; they have to write its join words first",
  63019: "WhatsApp could not load the file",
  63027: "WhatsApp knows no approved template of that name in that language; check `template`",
  63028: "the template has another number of placeholders; check `template.variables`",
  63032: "WhatsApp chose not to deliver this marketing message: the user is part of an experiment",
  63049: "WhatsApp chose not to deliver this marketing message, to limit how many a user gets",
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
