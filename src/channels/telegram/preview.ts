import type { Api } from "grammy";
import type { InlineKeyboardMarkup } from "grammy/types";
import type { SendResult } from "../../core/message/outbound.ts";
import { parseAddress, type TelegramPlace } from "./address.ts";
import { extrasOf, type PartContent, type TelegramContent } from "./content.ts";
import { describeFault, isUnmodified, readFault, sendResultOf, type TelegramFault } from "./errors.ts";
import type { RichBlock } from "./rich-text.ts";

type GrammySignal = Parameters<Api["getMe"]>[0];

/** A message that shows an unfinished answer. */
interface Preview {
  chatId: number;
  messageId: number;
}

export const previewId = ({ chatId, messageId }: Preview): string => `${chatId}:${messageId}`;

function readPreviewId(id: string): Preview | null {
  const [, chatId, messageId] = /^(-?\d{1,16}):(\d{1,16})$/.exec(id) ?? [];
  return chatId === undefined ? null : { chatId: Number(chatId), messageId: Number(messageId) };
}

export interface PreviewDeps {
  api: Api;
  /** Used only to remove it from reports. */
  token: string;
  linkPreviews: boolean;
}

/** Ends previews: edits one into the final message, or removes it. */
export function createPreviews({ api, token, linkPreviews }: PreviewDeps) {
  async function edit(
    { chatId, messageId }: Preview,
    content: TelegramContent,
    signal: AbortSignal,
  ): Promise<TelegramFault | null> {
    try {
      const extras = extrasOf(content, linkPreviews);
      await api.editMessageText(chatId, messageId, content.text, extras, signal as GrammySignal);
      return null;
    } catch (error) {
      const fault = readFault(error, token);
      return isUnmodified(fault) ? null : fault;
    }
  }

  /**
   * Turns a preview into the final message. Null if that is impossible: it is gone, or belongs to the chat's former id.
   * An edit can be repeated without harm, so it is repeated if its answer was lost.
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

  /** Turns a preview into a rich message. Null if that is impossible. Throws a refusal, so that a plain form is tried. */
  async function finishRich(
    place: TelegramPlace,
    id: string,
    { blocks, markup }: { blocks: RichBlock[]; markup: { reply_markup?: InlineKeyboardMarkup } },
    signal: AbortSignal,
  ): Promise<SendResult | null> {
    const preview = readPreviewId(id);
    if (preview?.chatId !== place.chatId) return null;
    const { chatId, messageId } = preview;
    try {
      await api.editMessageText(chatId, messageId, { blocks }, markup, signal as GrammySignal);
      return { kind: "sent", externalIds: [id] };
    } catch (error) {
      const fault = readFault(error, token);
      if (isUnmodified(fault)) return { kind: "sent", externalIds: [id] };
      if (fault.kind !== "unanswered") throw error;
      // An edit can be repeated without harm.
      const reason = describeFault(fault);
      return { kind: "retry", reason, code: `telegram_${fault.code}`, scope: "conversation" };
    }
  }

  async function remove(address: string, id: string, signal: AbortSignal): Promise<boolean> {
    const preview = readPreviewId(id);
    if (preview?.chatId !== parseAddress(address)?.chatId || !preview) return true;
    try {
      await api.deleteMessage(preview.chatId, preview.messageId, signal as GrammySignal);
      return true;
    } catch (error) {
      const fault = readFault(error, token);
      // A refusal is final: the message is gone or too old, or we are not in that chat any more.
      return fault.kind === "refused" && fault.status >= 400 && fault.status < 429;
    }
  }

  return { finish, finishRich, remove };
}

function isBadRequest(fault: TelegramFault | null): boolean {
  return fault?.kind === "refused" && fault.status === 400 && fault.movedTo === null;
}
