import type { KnownBlock } from "@slack/web-api";
import { withOptions } from "../../core/button.ts";
import type { OutboundFile, OutboundPart } from "../../core/outbound.ts";
import { blocksOf } from "./blocks.ts";
import { isFormatRefused, readFault } from "./errors.ts";
import { toMrkdwn } from "./mrkdwn.ts";
import { withoutPings } from "./text.ts";

/** What is said: a text, perhaps with buttons below it, or a file that the text links to. */
export type SlackWords = Pick<OutboundPart, "text"> &
  Partial<Pick<OutboundPart, "buttons" | "messageId" | "file">>;

/** It as Slack's methods take it. With blocks, `text` is what notifications show. */
type SlackContent = { markdown_text: string } | { text: string; blocks?: KnownBlock[] };

/**
 * Says something as Markdown, with its buttons; where that is refused, again in Slack's older notation and with what it
 * offers written down. Formatting is worth one call more, never a message. Rejects as the call does.
 */
export async function inEitherFormat<T>(
  { text, buttons = [], messageId = "", file }: SlackWords,
  call: (content: SlackContent) => Promise<T>,
): Promise<T> {
  try {
    // Slack fetches a picture from its address; other files it takes only as an upload, so they are links.
    if (file?.kind === "image") return await call({ text: toMrkdwn(text), blocks: [pictureBlock(file)] });
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

/** Slack refuses a picture without words for those who cannot see it (docs.slack.dev, Image block). */
function pictureBlock({ url, name }: OutboundFile): KnownBlock {
  return { type: "image", image_url: url, alt_text: (name ?? "picture").slice(0, 2000) };
}
