import type { Api } from "grammy";
import type { Logger } from "../../core/logger.ts";
import type { OutboundPart, SendResult } from "../../core/outbound.ts";
import type { Reachability } from "../../core/reachability.ts";
import { parseAddress, type TelegramPlace, threadOf } from "./address.ts";
import { contentOf, extrasOf, type TelegramContent } from "./content.ts";
import { describeFault, readFault, sendResultOf } from "./errors.ts";
import { createPreviews } from "./preview.ts";
import { sendFile } from "./send-file.ts";

/** What grammY calls an abort signal; Node's own fits but has another declaration. */
type GrammySignal = Parameters<Api["getMe"]>[0];

export interface OutboundDeps {
  api: Api;
  /** Known only to keep it out of what is reported. */
  token: string;
  log: Logger;
}

/** Writes to Telegram. Every outcome is a value; nothing of the vendor's errors gets out. */
export function createOutbound({ api, token, log }: OutboundDeps) {
  const previews = createPreviews({ api, token });

  async function attempt(
    place: TelegramPlace,
    content: TelegramContent,
    signal: AbortSignal,
  ): Promise<{ result: SendResult; isBadRequest: boolean }> {
    try {
      const options = { ...threadOf(place), ...extrasOf(content) };
      const message = await api.sendMessage(place.chatId, content.text, options, signal as GrammySignal);
      const externalIds = [`${place.chatId}:${message.message_id}`];
      return { result: { kind: "sent", externalIds }, isBadRequest: false };
    } catch (error) {
      const result = sendResultOf(readFault(error, token));
      return { result, isBadRequest: result.kind === "failed" && result.code === "telegram_400" };
    }
  }

  async function send(part: OutboundPart, signal: AbortSignal): Promise<SendResult> {
    const place = parseAddress(part.address);
    if (place === null) return { kind: "failed", ...badAddress(part.address), scope: "conversation" };
    const shown = part.file && (await sendFile({ api, token }, place, part.file, signal));
    if (shown) return shown;
    const content = contentOf(part);
    if (part.preview !== undefined) {
      const finished = await previews.finish(place, part.preview, content, signal);
      if (finished !== null) return finished;
    }
    const sent = await attempt(place, content.styled, signal);
    return sent.isBadRequest && content.plain !== null
      ? (await attempt(place, content.plain, signal)).result
      : sent.result;
  }

  async function typing(address: string, signal: AbortSignal): Promise<void> {
    const place = parseAddress(address);
    if (place === null) return;
    try {
      await api.sendChatAction(place.chatId, "typing", threadOf(place), signal as GrammySignal);
    } catch (error) {
      if (!signal.aborted)
        log.debug({ address, reason: describeFault(readFault(error, token)) }, "typing not shown");
    }
  }

  /** A chat is known by its number; a username says nothing until its owner has written. */
  async function canReach(user: string): Promise<Reachability> {
    return parseAddress(user) === null ? { kind: "unreachable", ...badAddress(user) } : { kind: "reachable" };
  }

  return { send, canReach, typing, removePreview: previews.remove };
}

const badAddress = (address: string) => ({
  reason: `"${address}" is not a Telegram chat: a chat id is a number`,
  code: "telegram_bad_address",
});
