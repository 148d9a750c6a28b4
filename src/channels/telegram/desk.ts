import type { Api } from "grammy";
import type { InlineKeyboardMarkup } from "grammy/types";
import { DESK_ACTS, type DeskAct, deskReference } from "../../core/message/desk-act.ts";
import type { SendResult } from "../../core/message/outbound.ts";
import type { ChannelDesk, DeskCard } from "../channel-desk.ts";
import { parseAddress, type TelegramPlace, toAddress, topicOf } from "./address.ts";
import { cards } from "./content.ts";
import { isUnmodified, readFault, sendResultOf } from "./errors.ts";

type GrammySignal = Parameters<Api["getMe"]>[0];

/** Maximum length of a topic's name (Bot API, createForumTopic). */
const TITLE_LIMIT = 128;

export interface DeskDeps {
  api: Api;
  /** Used only to remove it from reports. */
  token: string;
}

/** Desks on Telegram: each handoff is a topic of a forum group, and its card is the first message there. */
export function createDesk({ api, token }: DeskDeps): ChannelDesk {
  async function openTopic(place: TelegramPlace, card: DeskCard, signal: AbortSignal): Promise<SendResult> {
    const name = [...card.title].slice(0, TITLE_LIMIT / 2).join("");
    const topic = await api.createForumTopic(place.chatId, name, {}, signal as GrammySignal);
    const id = topic.message_thread_id;
    return { kind: "moved", address: toAddress({ ...place, topic: { kind: "thread", id } }) };
  }

  async function postCard(place: TelegramPlace, card: DeskCard, signal: AbortSignal): Promise<SendResult> {
    const sent = await api.sendMessage(
      place.chatId,
      card.text,
      { ...topicOf(place), ...cards(false), reply_markup: keyboardOf(card.actions) },
      signal as GrammySignal,
    );
    return { kind: "sent", externalIds: [`${place.chatId}:${sent.message_id}`], began: toAddress(place) };
  }

  async function changeCard(
    place: TelegramPlace,
    card: DeskCard,
    cardId: string,
    signal: AbortSignal,
  ): Promise<SendResult> {
    const messageId = Number(cardId.split(":")[1]);
    const extras = { ...cards(false), reply_markup: keyboardOf(card.actions) };
    await harmless(
      api.editMessageText(place.chatId, messageId, card.text, extras, signal as GrammySignal),
      isUnmodified,
    );
    if (card.actions.length === 0 && place.topic?.kind === "thread") {
      const closing = api.closeForumTopic(place.chatId, place.topic.id, signal as GrammySignal);
      await harmless(closing, isClosed);
    }
    return { kind: "sent", externalIds: [cardId] };
  }

  /** Waits for a call that may be repeated. Telegram refuses a repeated one because nothing would change. */
  async function harmless(call: Promise<unknown>, isRepeated: typeof isUnmodified): Promise<void> {
    await call.catch((error: unknown) => {
      if (!isRepeated(readFault(error, token))) throw error;
    });
  }

  /** A desk whose group has another id now must be configured anew, because members' words come from that id. */
  function faultAsResult(error: unknown): SendResult {
    const result = sendResultOf(readFault(error, token));
    if (result.kind !== "moved") return result;
    const reason = `the group of this desk has the id ${result.address} now; write it in \`desks\``;
    return { kind: "failed", code: "telegram_desk_moved", reason, scope: "conversation" };
  }

  async function at(
    address: string,
    run: (place: TelegramPlace) => Promise<SendResult>,
  ): Promise<SendResult> {
    const place = parseAddress(address);
    if (place === null) {
      const reason = `"${address}" is not a Telegram group: its id is a number such as -1001234567890`;
      return { kind: "failed", code: "telegram_bad_address", reason, scope: "conversation" };
    }
    return run(place).catch(faultAsResult);
  }

  return {
    post: ({ thread, ...card }, signal) =>
      at(thread ?? card.conversation, (place) =>
        thread === null
          ? openTopic(place, { thread, ...card }, signal)
          : postCard(place, { thread, ...card }, signal),
      ),
    change: (card, cardId, signal) => at(card.thread, (place) => changeCard(place, card, cardId, signal)),
  };
}

function keyboardOf(actions: readonly DeskAct[]): InlineKeyboardMarkup {
  const keys = actions.map((act) => ({ text: DESK_ACTS[act], callback_data: deskReference(act) }));
  return { inline_keyboard: keys.length === 0 ? [] : [keys] };
}

/** Recognised by its text, because Telegram gives nothing else that separates it from another bad request. */
function isClosed(fault: Parameters<typeof isUnmodified>[0]): boolean {
  return fault.kind === "refused" && fault.status === 400 && /TOPIC_NOT_MODIFIED/.test(fault.description);
}
