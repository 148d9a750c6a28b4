import type { CodeMeaning, ProviderWords } from "../../kit/api-fault.ts";
import { MARKETING_REFUSED, WINDOW_CLOSED } from "../errors.ts";

/** Meta, "WhatsApp Cloud API error codes". */
const MEANINGS: Readonly<Record<number, CodeMeaning>> = {
  0: "misconfigured", // the user of the token could not be authenticated
  1: "try_again", // unknown error of the API
  2: "try_again", // service temporarily down
  3: "misconfigured", // capability or permission
  4: "slow_down", // calls of the app
  10: "misconfigured", // permission not granted or taken away
  33: "misconfigured", // the business phone number was deleted
  104: "misconfigured", // the app secret's proof is wrong
  190: "misconfigured", // token expired
  368: "misconfigured", // blocked for violating a policy
  613: "slow_down", // calls within a time
  80007: "slow_down", // calls of the business account
  130429: "slow_down", // messages of the sender
  131000: "try_again", // something went wrong
  131005: "misconfigured", // permission
  131016: "try_again", // service unavailable
  131031: "misconfigured", // account locked
  131037: "misconfigured", // the display name is not approved
  131042: "misconfigured", // payment
  131045: "misconfigured", // the number is not registered
  131047: "window_closed",
  131048: "slow_down", // too many were blocked or reported as spam
  131050: "marketing_refused",
  131052: "file_refused", // the file could not be loaded
  131053: "file_refused", // a type or size that WhatsApp does not accept
  131056: "slow_down_user",
  131057: "slow_down", // account in maintenance
  131055: "misconfigured", // the number is not on the Cloud API
  133000: "misconfigured", // the number is still registered
  133004: "try_again", // server temporarily unavailable
  133005: "misconfigured", // wrong PIN of the number
  133006: "misconfigured", // the number has to be verified again
  133008: "misconfigured", // too many wrong PINs
  133009: "misconfigured", // wrong PINs too fast
  133010: "misconfigured", // the number is not registered
  133015: "try_again", // the number is being deleted and created again
  135000: "try_again", // an unspecified problem of the request
};

const WORDS: Readonly<Record<number, string>> = {
  4: "the app has reached its limit of calls for the moment",
  10: "the access token lacks a permission; it needs `whatsapp_business_messaging`",
  33: "Meta knows no such business phone number; copy `phoneNumberId` again",
  104: "Meta refused the proof made with the app secret; copy `appSecret` again from App settings, Basic",
  190: "Meta refused the access token; make a new one of a system user and enter it as `accessToken`",
  368: "Meta blocked this account for violating a policy; see the WhatsApp Manager",
  80007: "the business account has reached its limit of calls for the moment",
  130429: "the sender has reached its limit of messages for the moment",
  131026:
    "WhatsApp cannot deliver to this user: no WhatsApp account, an old version, or new terms not accepted",
  131042: "Meta wants a payment method for this business account; see the WhatsApp Manager",
  131047: WINDOW_CLOSED,
  131049: "Meta chose not to deliver this marketing message, to limit how many a user gets",
  131050: MARKETING_REFUSED,
  131030: "the user is not among the recipients of the test number; add them in WhatsApp, API Setup",
  131037: "Meta has not approved the display name of the business; see the WhatsApp Manager",
  131052: "the file could not be loaded",
  131053: "WhatsApp does not take files of this type or size",
  132000: "the template has another number of placeholders; check `template.variables`",
  132001: "Meta knows no approved template of that name in that language; check `template`",
  132005: "the template is too long with its placeholders filled; check `template.variables`",
  132007: "Meta does not allow what the template says; see the WhatsApp Manager",
  132012: "a placeholder of the template has another form; check `template.variables`",
  132015: "Meta paused the template, as too many users complained; see the WhatsApp Manager",
  132016: "Meta disabled the template, as too many users complained; see the WhatsApp Manager",
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
