import type { CallError } from "../chat/call-error.ts";
import type { Words } from "../locales/en.ts";

/** Why a call did not work, for people: what the server says is for developers, but better than nothing. */
export function reasonOf(error: CallError, words: Words): string {
  if (error.unreached) return words.noConnection;
  if (error.status === 429) return words.tooFast;
  if (error.status >= 500) return words.trouble;
  return error.message;
}
