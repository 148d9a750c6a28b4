import type { KnownBlock } from "@slack/web-api";
import { withOptions } from "../../core/message/button.ts";
import type { OutboundFile, OutboundPart } from "../../core/message/outbound.ts";
import { blocksOf, buttonsBlock } from "./blocks.ts";
import { isFormatRefused, readFault } from "./errors.ts";
import { toMrkdwn } from "./mrkdwn.ts";
import { withoutPings } from "./pings.ts";
import { escapeText } from "./text.ts";

/** The message to send: a text, perhaps with buttons below it, or a file that the text links to. */
export type SlackWords = Pick<OutboundPart, "text"> &
  Partial<Pick<OutboundPart, "format" | "buttons" | "messageId" | "file">>;

/** The same message as an argument of Slack's methods. With blocks, `text` is shown in notifications. */
type SlackContent = { markdown_text: string } | { text: string; mrkdwn?: false; blocks?: KnownBlock[] };

/**
 * Sends a text as Markdown, with its buttons. If Slack refuses that, it sends again in Slack's older notation, with the
 * buttons as text. Formatting is worth one more call, but never the loss of a message. Rejects as the call does.
 */
export async function inEitherFormat<T>(
  { text, format, buttons = [], messageId = "", file }: SlackWords,
  call: (content: SlackContent) => Promise<T>,
): Promise<T> {
  if (format === "text" && !file) return asWritten({ text, buttons, messageId }, call);
  try {
    // Slack fetches a picture from its URL. It accepts other files only as an upload, so they become links.
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

/**
 * Text whose marks have no meaning. Without blocks `mrkdwn` turns them off; with blocks the text goes into a block
 * without marks.
 */
async function asWritten<T>(
  { text, buttons, messageId }: Required<Pick<SlackWords, "text" | "buttons" | "messageId">>,
  call: (content: SlackContent) => Promise<T>,
): Promise<T> {
  const plain = { text: escapeText(text), mrkdwn: false } as const;
  if (buttons.length === 0) return call(plain);
  try {
    const element = { type: "rich_text_section" as const, elements: [{ type: "text" as const, text }] };
    const blocks = [{ type: "rich_text" as const, elements: [element] }, buttonsBlock(messageId, buttons)];
    return await call({ ...plain, blocks });
  } catch (error) {
    if (!isFormatRefused(readFault(error))) throw error;
    return call({ ...plain, text: escapeText(withOptions(text, buttons)) });
  }
}

/** Slack refuses a picture without a text for people who cannot see it (docs.slack.dev, Image block). */
function pictureBlock({ url, name }: OutboundFile): KnownBlock {
  return { type: "image", image_url: url, alt_text: (name ?? "picture").slice(0, 2000) };
}
