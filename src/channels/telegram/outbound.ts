import type { Api } from "grammy";
import type { OutboundPart, SendResult } from "../../core/message/outbound.ts";
import type { Logger } from "../../core/process/logger.ts";
import type { Reachability } from "../../core/session/reachability.ts";
import { messageIdAt, parseAddress, type TelegramPlace, topicOf } from "./address.ts";
import { contentOf, extrasOf, type TelegramContent } from "./content.ts";
import { describeFault, readFault, sendResultOf } from "./errors.ts";
import { createFloods } from "./floods.ts";
import { type Aim, sendInTopic } from "./gone-topic.ts";
import { createPieces } from "./pieces.ts";
import { createPreviews, type PreviewDeps } from "./preview.ts";
import { createRichSender } from "./rich-send.ts";
import type { RichSupport } from "./rich-support.ts";
import { sendFile } from "./send-file.ts";

/** grammY's type of an abort signal. Node's own signal works but has another declaration. */
type GrammySignal = Parameters<Api["getMe"]>[0];

export interface OutboundDeps extends PreviewDeps {
  log: Logger;
}

/** Sends to Telegram. Every outcome is a value; no error of grammY leaves this function. */
export function createOutbound({
  api,
  token,
  linkPreviews,
  rich,
  log,
}: OutboundDeps & { rich: RichSupport }) {
  const previews = createPreviews({ api, token, linkPreviews });
  const ofItsChat = createFloods();
  const sendRich = createRichSender({ api, token, previews, rich });
  const inPieces = createPieces();

  async function attempt(
    { place, part }: Aim,
    content: TelegramContent,
    signal: AbortSignal,
  ): Promise<{ result: SendResult; isBadRequest: boolean }> {
    try {
      const extras = extrasOf(content, linkPreviews);
      const { sent, ...told } = await sendInTopic(place, part, token, (where) =>
        api.sendMessage(place.chatId, content.text, { ...where, ...extras }, signal as GrammySignal),
      );
      const externalIds = [messageIdAt(place, sent.message_id)];
      return { result: { kind: "sent", externalIds, ...told }, isBadRequest: false };
    } catch (error) {
      const result = sendResultOf(readFault(error, token));
      return { result, isBadRequest: result.kind === "failed" && result.code === "telegram_400" };
    }
  }

  async function send(part: OutboundPart, signal: AbortSignal): Promise<SendResult> {
    return ofItsChat(part.address, await sendPart(part, signal));
  }

  async function sendPart(part: OutboundPart, signal: AbortSignal): Promise<SendResult> {
    const place = parseAddress(part.address);
    if (place === null) return { kind: "failed", ...badAddress(part.address), scope: "conversation" };
    const aim = { place, part };
    const shown = part.file && (await sendFile({ api, token }, aim, part.file, signal));
    if (shown) return shown;
    const tried = inPieces.hasBegun(part) ? null : await sendRich(aim, signal);
    if (tried?.kind === "done") return noted(part, tried.result);
    const result = await inPieces.send(part, (piece) => sendPlain(place, piece, signal));
    // The same text is accepted without its form. So the server refused the form, not the chat.
    if (tried?.kind === "refused" && result.kind === "sent") rich.refused(tried.status);
    return noted(part, result);
  }

  /** A message with entities, or without them if Telegram refuses those. */
  async function sendPlain(
    place: TelegramPlace,
    part: OutboundPart,
    signal: AbortSignal,
  ): Promise<SendResult> {
    const content = contentOf(part);
    if (part.preview !== undefined) {
      const finished = await previews.finish(place, part.preview, content, signal);
      if (finished !== null) return finished;
    }
    const aim = { place, part };
    const sent = await attempt(aim, content.styled, signal);
    return sent.isBadRequest && content.plain !== null
      ? (await attempt(aim, content.plain, signal)).result
      : sent.result;
  }

  async function typing(address: string, signal: AbortSignal): Promise<void> {
    const place = parseAddress(address);
    // A channel's direct messages have no typing action (Bot API, sendChatAction).
    if (place === null || place.topic?.kind === "direct") return;
    try {
      await api.sendChatAction(place.chatId, "typing", topicOf(place), signal as GrammySignal);
    } catch (error) {
      if (!signal.aborted)
        log.debug({ address, reason: describeFault(readFault(error, token)) }, "typing not shown");
    }
  }

  /** A chat is identified by its number. A username is no address until its owner has written. */
  async function canReach(user: string): Promise<Reachability> {
    return parseAddress(user) === null ? { kind: "unreachable", ...badAddress(user) } : { kind: "reachable" };
  }

  return { send, canReach, typing, removePreview: previews.remove };
}

/** Users may forbid voice messages, and a kept sound may be gone. */
function noted({ file }: OutboundPart, result: SendResult): SendResult {
  if (file?.voice === undefined || result.kind !== "sent") return result;
  const reason = "the voice message was refused or could not be read, so its text was sent";
  return { ...result, note: { code: "voice_refused", reason } };
}

const badAddress = (address: string) => ({
  reason: `"${address}" is not a Telegram chat: a chat id is a number`,
  code: "telegram_bad_address",
});
