import type { LiveStream, StreamTarget } from "../../core/message/live-stream.ts";
import { createPacedWriter } from "../../core/message/paced-writer.ts";
import { type TelegramPlace, topicOf } from "./address.ts";
import { closeWithin, type GrammySignal, type LiveContext } from "./live-context.ts";
import { previewId } from "./preview.ts";

/** Telegram allows about 20 edits a minute in a group. */
const EDIT_EVERY_MS = 3_000;

/** Shows an answer by editing a message, where Telegram has no drafts. */
export function showEdits(
  { api, visible, onFault }: LiveContext,
  place: TelegramPlace,
  target: StreamTarget,
): LiveStream {
  let messageId: number | null = null;
  let shown = "";
  let still = true;
  const ended = new AbortController();
  const writer = createPacedWriter<string>({
    everyMs: EDIT_EVERY_MS,
    async write(source) {
      const { text, extras } = visible(source);
      if (text === shown) return true;
      try {
        if (messageId === null) {
          // This call is never aborted, because without its answer nobody could remove the message.
          const message = await api.sendMessage(place.chatId, text, { ...topicOf(place), ...extras });
          messageId = message.message_id;
          target.onStanding(previewId({ chatId: place.chatId, messageId }));
        } else {
          const signal = ended.signal as GrammySignal;
          await api.editMessageText(place.chatId, messageId, text, extras, signal);
        }
        shown = text;
        return true;
      } catch (error) {
        still = onFault(error, target.address).kind !== "unanswered";
        return false;
      }
    },
  });
  return {
    show: (text) => text.trim() !== "" && writer.put(text),
    async close() {
      await closeWithin(writer, ended);
      return still;
    },
  };
}
