import type { Api } from "grammy";
import { isAccessPayload } from "../../core/message/access-press.ts";
import type { Button } from "../../core/message/button.ts";
import type { ChannelEvent } from "../../core/message/channel-event.ts";
import type { InboundMessage } from "../../core/message/inbound-message.ts";
import { findPressed, type PressReference, readPressReference } from "../../core/message/press.ts";
import type { Logger } from "../../core/process/logger.ts";
import type { OfferedButtons } from "../channel-options.ts";
import { buttonsUnknown, isLater, type Later } from "../kit/later.ts";
import { conversationAt, parseAddress, type TelegramPlace } from "./address.ts";
import { deskPressOf } from "./desk-inbound.ts";
import { describeFault, readFault } from "./errors.ts";
import { ALREADY_CHOSEN, chosenKeyboard } from "./keyboard.ts";
import { nameOf, withoutEmpty } from "./people.ts";
import type { TelegramPress } from "./update.ts";

export interface PressDeps {
  api: Api;
  /** Used only to remove it from reports. */
  token: string;
  findButtons(messageId: string): Promise<OfferedButtons | null>;
  /** True for the group of a desk. Its buttons are those of cards. */
  isDesk(chatId: string): boolean;
  /** Tracks calls that nobody awaits. */
  track(task: Promise<unknown>): void;
  log: Logger;
}

/** The chosen button, and the place of its message. */
interface Chosen {
  reference: PressReference;
  pressed: Button;
  place: TelegramPlace;
  /** True if only one person writes there. */
  isAlone: boolean;
}

const GONE = "This can no longer be chosen.";

/**
 * Presses of buttons below our messages become the text that the user would have written. Telegram gets an answer at
 * once, so that the button stops its animation. A failure of the answer or of the mark on the button does not lose the
 * press.
 */
export function createPresses({ api, token, findButtons, isDesk, track, log }: PressDeps) {
  function tell(what: string, call: Promise<unknown>): void {
    track(
      call.catch((error: unknown) =>
        log.debug(
          { what, reason: describeFault(readFault(error, token)) },
          "a press was not acknowledged to telegram",
        ),
      ),
    );
  }

  /** Later if the offered buttons cannot be read, so that Telegram sends the press again. */
  return async function readPress(press: TelegramPress, eventKey: string): Promise<ChannelEvent[] | Later> {
    const atDesk = isDesk(String(press.chat.id));
    const pressedCard = atDesk ? deskPressOf(press, eventKey) : null;
    if (pressedCard !== null) {
      // The topic shows the outcome.
      tell("answer", api.answerCallbackQuery(press.id));
      return [pressedCard];
    }
    const reference = readPressReference(press.data);
    const found = reference && (await findPressed(reference, findButtons).catch(buttonsUnknown));
    if (isLater(found)) return found;
    // A person with direct access to Telegram's servers can copy a button's data into another chat.
    const place = found ? parseAddress(found.offered.address) : null;
    const isOffered = isPressedIn(press, place);
    if (
      !reference ||
      !found ||
      place === null ||
      !isOffered ||
      (atDesk && !isAccessPayload(found.pressed.payload))
    ) {
      const text = press.data === ALREADY_CHOSEN ? undefined : GONE;
      tell("answer", api.answerCallbackQuery(press.id, text === undefined ? {} : { text }));
      log.debug({ eventKey }, "telegram press of a button that is not offered was ignored");
      return [];
    }
    const { pressed, offered } = found;
    const isAlone = press.chat.type === "private" || press.directTopic !== null;
    const choice = isAlone ? pressed.label : `${pressed.label} (${nameOf(press.from)})`;
    tell("answer", api.answerCallbackQuery(press.id));
    const markup = { reply_markup: chosenKeyboard(choice, offered.buttons) };
    const keyboard = press.business === null ? markup : { ...markup, business_connection_id: press.business };
    tell("mark", api.editMessageReplyMarkup(press.chat.id, press.messageId, keyboard));
    return [toMessage(press, eventKey, { reference, pressed, place, isAlone })];
  };
}

/** The message that the user would have written instead of the press. */
function toMessage(
  press: TelegramPress,
  eventKey: string,
  { reference, pressed, place, isAlone }: Chosen,
): InboundMessage {
  const { id, username, language_code: locale } = press.from;
  const name = nameOf(press.from);
  return {
    type: "message",
    // Two quick taps are two updates but one choice.
    eventKeys: [eventKey, `press:${reference.messageId}:${reference.index}:${id}`],
    conversation: conversationAt(place),
    ...(name === "" ? {} : { userName: name }),
    profile: {
      chat_type: press.chat.type,
      ...(press.chat.title === undefined ? {} : { chat_title: press.chat.title }),
      ...(username === undefined ? {} : { username }),
      ...(locale === undefined ? {} : { locale }),
    },
    text: pressed.label,
    payload: pressed.payload,
    ...(isAlone ? {} : { author: withoutEmpty({ identifier: String(id), name }) }),
    replyReference: String(press.messageId),
  };
}

/**
 * In direct messages only the topic separates people. A message too old to name its topic belongs to nobody. A person may
 * write to several business accounts.
 */
function isPressedIn({ chat, directTopic, business }: TelegramPress, place: TelegramPlace | null): boolean {
  if (place?.chatId !== chat.id) return false;
  if ((place.topic?.kind === "business" ? place.topic.id : null) !== business) return false;
  return place.topic?.kind === "direct" ? place.topic.id === directTopic : !chat.is_direct_messages;
}
