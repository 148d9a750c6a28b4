import type { InlineKeyboardMarkup } from "grammy/types";
import { withOptions } from "../../core/message/button.ts";
import type { OutboundPart } from "../../core/message/outbound.ts";
import { keyboardOf } from "./keyboard.ts";
import { type FormattedText, formatMarkdown } from "./markdown.ts";

/** A text in the form that Telegram receives. */
export interface TelegramContent extends FormattedText {
  keyboard: InlineKeyboardMarkup | null;
}

/** A text that fits one message, and in a plainer form for Telegram's refusal. Null: there is no plainer form. */
export interface PartContent {
  styled: TelegramContent;
  plain: TelegramContent | null;
}

/**
 * Builds the formatted text and its plain replacement, which is the text as it was written. Formatting and buttons are
 * worth one more call, but never a lost message.
 */
export function contentOf({
  text,
  format,
  buttons = [],
  messageId,
}: Pick<OutboundPart, "text" | "format" | "buttons" | "messageId">): PartContent {
  const formatted = format === "text" ? { text, entities: [] } : formatMarkdown(text);
  const keyboard = buttons.length === 0 ? null : keyboardOf(messageId, buttons);
  const isPlain = formatted.entities.length === 0 && keyboard === null;
  return {
    styled: { ...formatted, keyboard },
    plain: isPlain ? null : { text: withOptions(text, buttons), entities: [], keyboard: null },
  };
}

/**
 * Tells Telegram if it may show link previews. For a preview it fetches the URL at once, without a click. An attacker
 * could make a model write a URL that carries data out of the conversation.
 */
export function cards(linkPreviews: boolean): { link_preview_options?: { is_disabled: true } } {
  return linkPreviews ? {} : { link_preview_options: { is_disabled: true } };
}

/** The other parameters of a call with this text. */
export function extrasOf({ entities, keyboard }: TelegramContent, linkPreviews: boolean) {
  return {
    ...cards(linkPreviews),
    ...(entities.length === 0 ? {} : { entities }),
    ...(keyboard === null ? {} : { reply_markup: keyboard }),
  };
}
