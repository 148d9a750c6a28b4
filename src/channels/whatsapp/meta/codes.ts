import { type CodeMeaning, type ProviderWords, WINDOW_CLOSED } from "../errors.ts";

/** Meta, "WhatsApp Cloud API error codes". */
const MEANINGS: Readonly<Record<number, CodeMeaning>> = {
  0: "misconfigured", // the user of the token could not be authenticated
  1: "try_again", // unknown error of the API
  2: "try_again", // service temporarily down
  3: "misconfigured", // capability or permission
  4: "slow_down", // calls of the app
  10: "misconfigured", // permission not granted or taken away
  33: "misconfigured", // the business phone number was deleted
  190: "misconfigured", // token expired
  368: "misconfigured", // blocked for violating a policy
  80007: "slow_down", // calls of the business account
  130429: "slow_down", // messages of the sender
  131000: "try_again", // something went wrong
  131005: "misconfigured", // permission
  131016: "try_again", // service unavailable
  131031: "misconfigured", // account locked
  131042: "misconfigured", // payment
  131045: "misconfigured", // the number is not registered
  131047: "window_closed",
  131048: "slow_down", // too many were blocked or reported as spam
  131050: "opted_out", // the user wants no marketing messages of ours
  131056: "slow_down_user",
  131057: "slow_down", // account in maintenance
  133004: "try_again", // server temporarily unavailable
  133010: "misconfigured", // the number is not registered
};

const WORDS: Readonly<Record<number, string>> = {
  4: "the app has reached its limit of calls for the moment",
  10: "the access token lacks a permission; it needs `whatsapp_business_messaging`",
  33: "Meta knows no such business phone number; copy `phoneNumberId` again",
  190: "Meta refused the access token; make a new one of a system user and enter it as `accessToken`",
  368: "Meta blocked this account for violating a policy; see the WhatsApp Manager",
  80007: "the business account has reached its limit of calls for the moment",
  130429: "the sender has reached its limit of messages for the moment",
  131026:
    "WhatsApp cannot deliver to this user: no WhatsApp account, an old version, or new terms not accepted",
  131042: "Meta wants a payment method for this business account; see the WhatsApp Manager",
  131047: WINDOW_CLOSED,
  131049: "Meta chose not to deliver this marketing message, to limit how many a user gets",
  131050: "the user has opted out of marketing messages",
  131056: "too many messages to this user within a short time",
  133010: "the business phone number is not registered with the Cloud API",
};

export const metaWords: ProviderWords = {
  name: "Meta",
  prefix: "meta",
  receiptsAfterMs: 10_000,
  meaningOf: (code) => MEANINGS[code] ?? (code >= 200 && code < 300 ? "misconfigured" : "failed"),
  sentenceOf: (code) => WORDS[code],
};
