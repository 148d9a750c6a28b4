import type { InlineKeyboardButton, InlineKeyboardMarkup } from "grammy/types";
import type { Button, ButtonSupport } from "../../core/message/button.ts";
import { pressReference } from "../../core/message/press.ts";

/** The Bot API allows 100 buttons; phones cut off longer labels. */
export const BUTTON_SUPPORT: ButtonSupport = { max: 100, labelLimit: 64, urls: true };

/** Short labels share a row, if a phone can show them whole. */
const MOST_IN_ROW = 3;
const ROW_WIDTH = 24;

/** Data of a button that was already pressed: a press is answered, but has no meaning any more. */
export const ALREADY_CHOSEN = "b";

/** The buttons below a message of ours. */
export function keyboardOf(messageId: string, buttons: readonly Button[]): InlineKeyboardMarkup {
  const rows: { width: number; keys: InlineKeyboardButton[] }[] = [];
  for (const [index, { label, url }] of buttons.entries()) {
    const key =
      url === undefined ? pressKey(label, pressReference({ messageId, index })) : { text: label, url };
    const last = rows.at(-1);
    if (last && last.keys.length < MOST_IN_ROW && last.width + label.length <= ROW_WIDTH) {
      last.keys.push(key);
      last.width += label.length;
    } else rows.push({ width: label.length, keys: [key] });
  }
  return { inline_keyboard: rows.map(({ keys }) => keys) };
}

/** The buttons after a press: the choice, because Telegram shows no message for it, and the pages to open. */
export function chosenKeyboard(choice: string, buttons: readonly Button[]): InlineKeyboardMarkup {
  const pages = buttons.flatMap(({ label, url }) => (url === undefined ? [] : [[{ text: label, url }]]));
  return { inline_keyboard: [[pressKey(`✓ ${choice}`, ALREADY_CHOSEN)], ...pages] };
}

function pressKey(text: string, callback_data: string): InlineKeyboardButton {
  return { text, callback_data };
}
