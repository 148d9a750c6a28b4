import type { KnownBlock } from "@slack/web-api";
import { withOptions } from "../../core/button.ts";
import type { OutboundPart } from "../channel.ts";
import { blocksOf } from "./blocks.ts";
import { isFormatRefused, readFault } from "./errors.ts";
import { toMrkdwn } from "./mrkdwn.ts";
import { withoutPings } from "./text.ts";

/** What is said: a text, perhaps with buttons below it. */
export type SlackWords = Pick<OutboundPart, "text"> & Partial<Pick<OutboundPart, "buttons" | "messageId">>;

/** It as Slack's methods take it. With blocks, `text` is what notifications show. */
type SlackContent = { markdown_text: string } | { text: string; blocks?: KnownBlock[] };

/**
 * Says something as Markdown, with its buttons; where that is refused, again in Slack's older notation and with what it
 * offers written down. Formatting is worth one call more, never a message. Rejects as the call does.
 */
export async function inEitherFormat<T>(
  { text, buttons = [], messageId = "" }: SlackWords,
  call: (content: SlackContent) => Promise<T>,
): Promise<T> {
  try {
    return await call(
      buttons.length === 0
        ? { markdown_text: withoutPings(text) }
        : { text: toMrkdwn(text), blocks: blocksOf(text, messageId, buttons) },
    );
  } catch (error) {
    if (!isFormatRefused(readFault(error))) throw error;
    return call({ text: toMrkdwn(withOptions(text, buttons)) });
  }
}
