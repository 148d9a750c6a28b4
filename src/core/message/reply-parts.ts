import type { OutboundAttachment } from "./attachment.ts";
import {
  type Button,
  type ButtonSpec,
  type ButtonSupport,
  canShow,
  toButtons,
  withOptions,
} from "./button.ts";
import { linkTo, type SentFile, toSentFiles } from "./sent-file.ts";
import { type TypedChoices, typedChoicesOf } from "./typed-choices.ts";

/** A reply to a user, written by a bot or by an operator instead of the bot. */
export interface Reply {
  content: string;
  /** `text`: it goes out as it was written. Absent: it is Markdown. */
  format?: "text" | undefined;
  buttons?: readonly ButtonSpec[] | undefined;
  attachments?: readonly OutboundAttachment[] | undefined;
}

/** The platform's limits for a reply. */
export interface ReplyLimits {
  /** Splits a text into parts that fit, losing nothing. Parts of Markdown are complete Markdown. */
  split(text: string, format?: "text"): string[];
  /** Null: the platform has no buttons. */
  buttons: ButtonSupport | null;
}

/** One send of a reply. */
export interface ReplyPart {
  content: string;
  /** The buttons below the part; null if there are none, or the text lists them. */
  buttons: Button[] | null;
  /** The file of this part. Then `content` is the text that replaces a file that cannot be shown. */
  attachmentId?: string;
}

/** A reply in the form in which it is stored and sent. */
export interface PreparedReply {
  /** The buttons of the reply; null for most replies. */
  buttons: Button[] | null;
  parts: ReplyPart[];
  /** The files of the reply, each sent as a separate part after the text. */
  files: SentFile[];
  /** The typed answers that the reply accepts. */
  choices: TypedChoices | null;
}

/**
 * Prepares a reply for a platform. Its buttons go with the last part. If the platform cannot show all of them
 * unchanged, they become a numbered list in the text.
 */
export function prepareReply(reply: Reply, limits: ReplyLimits): PreparedReply {
  const files = toSentFiles(reply.attachments ?? []);
  const said = prepareText(reply, limits);
  const parts = files.map((file) => ({ content: linkTo(file), buttons: null, attachmentId: file.id }));
  return { ...said, parts: [...said.parts, ...parts], files };
}

function prepareText(
  { content, format, buttons: specs = [], attachments = [] }: Reply,
  limits: ReplyLimits,
): Omit<PreparedReply, "files"> {
  const buttons = toButtons(specs);
  if (buttons.length === 0) {
    const isOnlyFiles = content.trim() === "" && attachments.length > 0;
    return {
      buttons: null,
      parts: isOnlyFiles ? [] : limits.split(content, format).map(plain),
      choices: null,
    };
  }
  // A reply with only files has no text to put buttons under.
  const shown = content.trim() !== "" && canShow(content, buttons, limits.buttons);
  const parts = limits.split(shown ? content : withOptions(content, buttons).trimStart(), format).map(plain);
  const last = parts.at(-1);
  if (shown && last) last.buttons = buttons;
  return { buttons, parts, choices: typedChoicesOf(buttons, !shown) };
}

function plain(content: string): ReplyPart {
  return { content, buttons: null };
}
