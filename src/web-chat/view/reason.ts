import type { CallError } from "../chat/call-error.ts";
import type { Words } from "../locales/en.ts";

/** The reason of a failed call, for people. The server's text is for developers, but better than nothing. */
export function reasonOf(error: CallError, words: Words): string {
  if (error.code === "origin_not_allowed" || error.code === "channel_not_found") return words.notHere;
  if (error.unreached) return words.noConnection;
  if (error.status < 0) return words.local;
  if (error.status === 401 || error.status === 404) return words.gone;
  if (error.status === 429) return words.tooFast;
  if (error.status === 503) return words.busy;
  if (error.status >= 500) return words.trouble;
  return error.message;
}
