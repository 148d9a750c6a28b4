import type { Api } from "grammy";
import type { ChannelEvent } from "../../core/channel-event.ts";
import { RequestError } from "../../core/errors.ts";
import type { Logger } from "../../core/logger.ts";
import { findPressed, readPressReference } from "../../core/press.ts";
import type { OfferedButtons } from "../channel.ts";
import { parseAddress } from "./address.ts";
import { describeFault, readFault } from "./errors.ts";
import { ALREADY_CHOSEN, chosenKeyboard } from "./keyboard.ts";
import type { TelegramPress } from "./update.ts";

export interface PressDeps {
  api: Api;
  /** Known only to keep it out of what is reported. */
  token: string;
  findButtons(messageId: string): Promise<OfferedButtons | null>;
  /** Watches over calls that nobody waits for. */
  track(task: Promise<unknown>): void;
  log: Logger;
}

const GONE = "This can no longer be chosen.";

/**
 * Presses of buttons below our messages: what the user would have written. Telegram is told at once, so that the button
 * stops turning; neither that nor the mark on the button is worth losing a press for.
 */
export function createPresses({ api, token, findButtons, track, log }: PressDeps) {
  function tell(what: string, call: Promise<unknown>): void {
    track(
      call.catch((error: unknown) =>
        log.debug(
          { what, reason: describeFault(readFault(error, token)) },
          "telegram was not told of a press",
        ),
      ),
    );
  }

  /** Rejects with 503 where it cannot be known what was offered: Telegram sends the press again. */
  return async function readPress(press: TelegramPress, eventKey: string): Promise<ChannelEvent[]> {
    const reference = readPressReference(press.data);
    const found = reference && (await findPressed(reference, findButtons).catch(unknown));
    const place = found && parseAddress(found.offered.address);
    // A button's data can be copied into another chat by whoever writes to Telegram's servers themselves.
    if (!reference || !found || place?.chatId !== press.chat.id) {
      const text = press.data === ALREADY_CHOSEN ? undefined : GONE;
      tell("answer", api.answerCallbackQuery(press.id, text === undefined ? {} : { text }));
      log.debug({ eventKey }, "telegram press of nothing that is offered ignored");
      return [];
    }
    const { pressed, offered } = found;
    const name = [press.from.first_name, press.from.last_name].filter((part) => part).join(" ");
    const choice = press.chat.type === "private" ? pressed.label : `${pressed.label} (${name})`;
    tell("answer", api.answerCallbackQuery(press.id));
    const keyboard = { reply_markup: chosenKeyboard(choice, offered.buttons) };
    tell("mark", api.editMessageReplyMarkup(press.chat.id, press.messageId, keyboard));
    const { username, language_code: locale } = press.from;
    return [
      {
        type: "message",
        // Two quick taps are two updates and one choice.
        eventKeys: [eventKey, `press:${reference.messageId}:${reference.index}:${press.from.id}`],
        conversation: { address: offered.address, userIdentifier: offered.address, externalId: null },
        ...(name === "" ? {} : { userName: name }),
        profile: {
          chat_type: press.chat.type,
          ...(press.chat.title === undefined ? {} : { chat_title: press.chat.title }),
          ...(username === undefined ? {} : { username }),
          ...(locale === undefined ? {} : { locale }),
        },
        text: pressed.label,
        payload: pressed.payload,
      },
    ];
  };
}

function unknown(cause: unknown): never {
  throw new RequestError(
    503,
    "buttons_unknown",
    "What was offered cannot be looked up. Send the press again.",
    {
      headers: { "Retry-After": "5" },
      cause,
    },
  );
}
