import type { FormParams } from "./params.ts";

const SID = /^(SM|MM)[0-9a-f]{32}$/;
const STATUS = /^[a-z_]{1,30}$/;

/** Fields that determine the meaning of a form, and their formats. */
const DECISIVE: Readonly<Record<string, RegExp>> = {
  AccountSid: /^AC[\w-]{1,64}$/,
  MessageSid: SID,
  SmsMessageSid: SID,
  SmsSid: SID,
  MessageStatus: STATUS,
  SmsStatus: STATUS,
  OptOutType: /^[A-Z]{1,20}$/,
  ErrorCode: /^\d{1,9}$/,
};
const NAMES = Object.keys(DECISIVE);

/**
 * Returns true if the decisive fields of a form are as Twilio sent them. Twilio signs names and values as one text. So
 * a signature stays valid if somebody moves the border between a name and a value, or between two fields. One captured
 * form could become many messages.
 */
export function isSound(params: FormParams): boolean {
  return [...params].every(
    ([name, values]) => isDecisiveFieldSound(name, values) && !swallowsOptOut(name, values),
  );
}

function isDecisiveFieldSound(name: string, values: readonly string[]): boolean {
  const known = NAMES.find((each) => name.startsWith(each));
  if (known === undefined) return true;
  if (known === name) return values.every((value) => value === "" || DECISIVE[known]?.test(value));
  // A longer field name of Twilio continues with a word: `MessageStatusReason`. A value that was moved into the name
  // does not.
  return /^[A-Z][a-z]/.test(name.slice(known.length));
}

/** Fields are signed in order of name. Only a field that sorts after the id can swallow an opt-out without the id. */
function swallowsOptOut(name: string, values: readonly string[]): boolean {
  return name > "MessageSid" && name < "OptOutType" && values.some((value) => value.includes("OptOutType"));
}
