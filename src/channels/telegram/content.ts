import type { InlineKeyboardMarkup } from "grammy/types";
import { withOptions } from "../../core/button.ts";
import type { OutboundPart } from "../../core/outbound.ts";
import { keyboardOf } from "./keyboard.ts";
import { type FormattedText, formatMarkdown } from "./markdown.ts";

/** A text as Telegram is sent it. */
export interface TelegramContent extends FormattedText {
  keyboard: InlineKeyboardMarkup | null;
}

/** A part as it should look, and as it is sent where Telegram refuses that; null where there is nothing plainer. */
export interface PartContent {
  styled: TelegramContent;
  plain: TelegramContent | null;
}

/** Formatting and buttons are worth one call more, never a message: the plain one is as it was written. */
export function contentOf({
  text,
  buttons = [],
  messageId,
}: Pick<OutboundPart, "text" | "buttons" | "messageId">): PartContent {
  const formatted = formatMarkdown(text);
  const keyboard = buttons.length === 0 ? null : keyboardOf(messageId, buttons);
  const isPlain = formatted.entities.length === 0 && keyboard === null;
  return {
    styled: { ...formatted, keyboard },
    plain: isPlain ? null : { text: withOptions(text, buttons), entities: [], keyboard: null },
  };
}

/** What goes with the text in a call. */
export function extrasOf({ entities, keyboard }: TelegramContent) {
  return {
    ...(entities.length === 0 ? {} : { entities }),
    ...(keyboard === null ? {} : { reply_markup: keyboard }),
  };
}
