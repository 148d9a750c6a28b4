import type { CallError } from "../chat/call-error.ts";
import type { ChatOptions } from "./options.ts";

/** The fix that lets a page use a channel, for the page's developers. */
export function howToAdmit({ code }: CallError, { channel, base }: ChatOptions): string {
  if (code === "channel_not_found") {
    return `There is no web channel "${channel}" at ${base}. Write its name as data-channel on the script, or as channel on the element.`;
  }
  const { origin } = globalThis;
  const listed = `Pages of ${origin} may not use the channel "${channel}" of ${base}. Add "${origin}" to its allowedOrigins.`;
  return origin === "null"
    ? `${listed} Or give the frame this page stands in sandbox="allow-scripts allow-same-origin".`
    : listed;
}
