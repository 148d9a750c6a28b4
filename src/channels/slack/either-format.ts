import { isFormatRefused, readFault } from "./errors.ts";
import { toMrkdwn } from "./mrkdwn.ts";
import { withoutPings } from "./text.ts";

/** A text as Slack's methods take it. */
export type SlackText = { markdown_text: string } | { text: string };

/** Says a text as Markdown; where that is refused, again in Slack's older notation. Rejects as the call does. */
export async function inEitherFormat<T>(markdown: string, call: (text: SlackText) => Promise<T>): Promise<T> {
  try {
    return await call({ markdown_text: withoutPings(markdown) });
  } catch (error) {
    if (!isFormatRefused(readFault(error))) throw error;
    return call({ text: toMrkdwn(markdown) });
  }
}
