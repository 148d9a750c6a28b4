/*
 * Twilio answers these words itself, and passes them on besides (Twilio, "Support for opt-out keywords").
 */
const STOP = ["STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"];
const START = ["START", "UNSTOP", "YES"];
const HELP = ["HELP", "INFO"];

export interface KeywordAnswer {
  /** The words that Twilio sends to the user; null: none. */
  text: string | null;
  isOptedOut: boolean;
}

/** Twilio's own reaction to a user's message, beside passing it on. Pure. */
export function answerKeyword(text: string, isOptedOut: boolean): KeywordAnswer {
  const word = text.trim().toUpperCase();
  if (STOP.includes(word)) return { text: isOptedOut ? null : STOPPED, isOptedOut: true };
  // Without an opt-out before it, "yes" is an ordinary answer.
  if (START.includes(word)) return { text: isOptedOut ? STARTED : null, isOptedOut: false };
  return { text: HELP.includes(word) && !isOptedOut ? HELPED : null, isOptedOut };
}

const STOPPED =
  "You have successfully been unsubscribed. You will not receive any more messages from this number. Reply START to resubscribe.";
const STARTED =
  "You have successfully been re-subscribed to messages from this number. Reply HELP for help. Reply STOP to unsubscribe. Msg&Data Rates May Apply.";
const HELPED = "Reply STOP to unsubscribe. Msg&Data Rates May Apply.";
