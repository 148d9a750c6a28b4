import type { Api } from "grammy";
import type { SendResult } from "../../core/outbound.ts";
import { parseAddress, type TelegramPlace } from "./address.ts";
import { extrasOf, type PartContent, type TelegramContent } from "./content.ts";
import { isUnmodified, readFault, sendResultOf, type TelegramFault } from "./errors.ts";

type GrammySignal = Parameters<Api["getMe"]>[0];

/** A message that shows an answer which is still being written. */
interface Preview {
  chatId: number;
  messageId: number;
}

export const previewId = ({ chatId, messageId }: Preview): string => `${chatId}:${messageId}`;

function readPreviewId(id: string): Preview | null {
  const [, chatId, messageId] = /^(-?\d{1,16}):(\d{1,16})$/.exec(id) ?? [];
  return chatId === undefined ? null : { chatId: Number(chatId), messageId: Number(messageId) };
}

/** What becomes of a preview: it is edited into what is sent, or taken away. */
export function createPreviews({ api, token }: { api: Api; token: string }) {
  async function edit(
    { chatId, messageId }: Preview,
    content: TelegramContent,
    signal: AbortSignal,
  ): Promise<TelegramFault | null> {
    try {
      await api.editMessageText(chatId, messageId, content.text, extrasOf(content), signal as GrammySignal);
      return null;
    } catch (error) {
      const fault = readFault(error, token);
      return isUnmodified(fault) ? null : fault;
    }
  }

  /**
   * Makes a preview what is sent. Null where it cannot be: it is gone, or belongs to the chat this one was before. An
   * edit can be repeated without harm, so one whose answer was lost is.
   */
  async function finish(
    place: TelegramPlace,
    id: string,
    { styled, plain }: PartContent,
    signal: AbortSignal,
  ): Promise<SendResult | null> {
    const preview = readPreviewId(id);
    if (preview?.chatId !== place.chatId) return null;
    let fault = await edit(preview, styled, signal);
    if (isBadRequest(fault) && plain !== null) fault = await edit(preview, plain, signal);
    if (fault === null) return { kind: "sent", externalIds: [id] };
    if (!isBadRequest(fault)) {
      const result = sendResultOf(fault);
      return result.kind === "unknown" ? { ...result, kind: "retry", scope: "conversation" } : result;
    }
    await remove(String(place.chatId), id, signal);
    return null;
  }

  async function remove(address: string, id: string, signal: AbortSignal): Promise<boolean> {
    const preview = readPreviewId(id);
    if (preview?.chatId !== parseAddress(address)?.chatId || !preview) return true;
    try {
      await api.deleteMessage(preview.chatId, preview.messageId, signal as GrammySignal);
      return true;
    } catch (error) {
      const fault = readFault(error, token);
      // A refusal is for good: it is gone already, or too old, or we are not in that chat any more.
      return fault.kind === "refused" && fault.status >= 400 && fault.status < 429;
    }
  }

  return { finish, remove };
}

function isBadRequest(fault: TelegramFault | null): boolean {
  return fault?.kind === "refused" && fault.status === 400 && fault.movedTo === null;
}
