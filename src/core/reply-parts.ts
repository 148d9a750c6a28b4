import type { OutboundAttachment } from "./attachment.ts";
import {
  type Button,
  type ButtonSpec,
  type ButtonSupport,
  canShow,
  toButtons,
  withOptions,
} from "./button.ts";
import { type Offer, offerOf } from "./offer.ts";
import { linkTo, type SentFile, toSentFiles } from "./sent-file.ts";

/** What is said to a user: by a bot, or by an operator in its place. */
export interface Reply {
  content: string;
  buttons?: readonly ButtonSpec[] | undefined;
  attachments?: readonly OutboundAttachment[] | undefined;
}

/** What a platform makes of a reply. */
export interface ReplyLimits {
  /** Cuts a text into parts that fit, losing nothing. */
  split(text: string): string[];
  /** Null where there are no buttons. */
  buttons: ButtonSupport | null;
}

/** One send of a reply. */
export interface ReplyPart {
  content: string;
  /** What the platform shows below it; null where the text says it all. */
  buttons: Button[] | null;
  /** The file it is; then the content is what stands in for it where it cannot be shown. */
  attachmentId?: string;
}

/** A reply as it is stored and as it travels. */
export interface PreparedReply {
  /** What it offers; null for most. */
  buttons: Button[] | null;
  parts: ReplyPart[];
  /** What is sent with it, each in a part of its own behind the text. */
  files: SentFile[];
  /** What may be written in answer to it. */
  offer: Offer | null;
}

/**
 * How a reply travels on a platform: its buttons go with the last part, or, where the platform cannot show all of them
 * as they are, as a numbered list in the text.
 */
export function prepareReply(reply: Reply, limits: ReplyLimits): PreparedReply {
  const files = toSentFiles(reply.attachments ?? []);
  const said = prepareText(reply, limits);
  const parts = files.map((file) => ({ content: linkTo(file), buttons: null, attachmentId: file.id }));
  return { ...said, parts: [...said.parts, ...parts], files };
}

function prepareText(
  { content, buttons: specs = [], attachments = [] }: Reply,
  limits: ReplyLimits,
): Omit<PreparedReply, "files"> {
  const buttons = toButtons(specs);
  if (buttons.length === 0) {
    const isOnlyFiles = content.trim() === "" && attachments.length > 0;
    return { buttons: null, parts: isOnlyFiles ? [] : limits.split(content).map(plain), offer: null };
  }
  // Below files alone there is nothing for buttons to stand below.
  const shown = content.trim() !== "" && canShow(buttons, limits.buttons);
  const parts = limits.split(shown ? content : withOptions(content, buttons).trimStart()).map(plain);
  const last = parts.at(-1);
  if (shown && last) last.buttons = buttons;
  return { buttons, parts, offer: offerOf(buttons, !shown) };
}

function plain(content: string): ReplyPart {
  return { content, buttons: null };
}
