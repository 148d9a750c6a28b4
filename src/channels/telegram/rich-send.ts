import type { Api } from "grammy";
import type { OutboundPart, SendResult } from "../../core/message/outbound.ts";
import { messageIdAt } from "./address.ts";
import { readFault, sendResultOf, type TelegramFault } from "./errors.ts";
import { type Aim, sendInTopic } from "./gone-topic.ts";
import { keyboardOf } from "./keyboard.ts";
import type { createPreviews } from "./preview.ts";
import { isBetterRich, richBlocksOf } from "./rich-blocks.ts";
import type { RichSupport } from "./rich-support.ts";

type GrammySignal = Parameters<Api["getMe"]>[0];

export interface RichSenderDeps {
  api: Api;
  /** Used only to remove it from reports. */
  token: string;
  previews: Pick<ReturnType<typeof createPreviews>, "finishRich">;
  rich: RichSupport;
}

/** `refused`: the server or this message has no rich form, and nothing was sent. Null: a plain message is as good. */
export type RichOutcome = { kind: "done"; result: SendResult } | { kind: "refused"; status: number } | null;

/** Sends a text with headings or tables, or a long one, as a rich message (Bot API, sendRichMessage). */
export function createRichSender({ api, token, previews, rich }: RichSenderDeps) {
  return async function sendRich(
    aim: Aim & { part: OutboundPart },
    signal: AbortSignal,
  ): Promise<RichOutcome> {
    const { place, part } = aim;
    const { text, format, buttons = [], messageId, preview } = part;
    if (format === "text" || part.file !== undefined || !rich.mayTry()) return null;
    // The second part of a long answer shows if the next long answer may go out in one.
    const learns = part.part > 0 && !rich.isKnown();
    if (!learns && !isBetterRich(text)) return null;
    const blocks = richBlocksOf(text);
    if (blocks === null) return null;
    const markup = buttons.length === 0 ? {} : { reply_markup: keyboardOf(messageId, buttons) };
    try {
      if (preview !== undefined) {
        const finished = await previews.finishRich(place, preview, { blocks, markup }, signal);
        if (finished !== null) return took(finished);
      }
      const { sent, ...told } = await sendInTopic(place, part, token, (where) =>
        api.sendRichMessage(place.chatId, { blocks }, { ...where, ...markup }, signal as GrammySignal),
      );
      return took({ kind: "sent", externalIds: [messageIdAt(place, sent.message_id)], ...told });
    } catch (error) {
      const fault = readFault(error, token);
      return isFormRefused(fault)
        ? { kind: "refused", status: fault.status }
        : { kind: "done", result: sendResultOf(fault) };
    }
  };

  function took(result: SendResult): RichOutcome {
    if (result.kind === "sent") rich.took();
    return { kind: "done", result };
  }
}

/** 404: an older server knows no such method. 400: it cannot show this message, or the chat has another problem. */
export function isFormRefused(fault: TelegramFault): fault is Extract<TelegramFault, { kind: "refused" }> {
  return fault.kind === "refused" && fault.movedTo === null && (fault.status === 404 || fault.status === 400);
}
