import type { LiveStream, StreamTarget } from "../../core/message/live-stream.ts";
import { createPacedWriter } from "../../core/message/paced-writer.ts";
import { type TelegramPlace, topicOf } from "./address.ts";
import { readFault } from "./errors.ts";
import { closeWithin, type GrammySignal, type LiveContext } from "./live-context.ts";
import { isBetterRich, richBlocksOf } from "./rich-blocks.ts";
import { isFormRefused } from "./rich-send.ts";
import type { RichSupport } from "./rich-support.ts";
import type { RichBlock } from "./rich-text.ts";

/** Interval of draft updates. Telegram names no limit, and answers 429 if they come too often. */
const DRAFT_EVERY_MS = 1_000;
/** A draft disappears after 30 seconds unless it is sent again. */
const DRAFT_REPEAT_MS = 20_000;

interface Drafts {
  rich: RichSupport;
  /** The server has no drafts. */
  onMissing(): void;
}

/** Shows an answer as a draft, in a private chat. */
export function showDraft(
  { api, token, visible, onFault }: LiveContext,
  { rich, onMissing }: Drafts,
  place: TelegramPlace,
  target: StreamTarget,
): LiveStream {
  const draftId = draftIdOf(target.executionId);
  const ended = new AbortController();
  const signal = ended.signal as GrammySignal;
  const where = { ...topicOf(place), can_stop: true };

  /** Returns false if the server refuses the rich form. */
  async function drawRich(blocks: RichBlock[]): Promise<boolean> {
    try {
      await api.sendRichMessageDraft(place.chatId, draftId, { blocks }, where, signal);
      return true;
    } catch (error) {
      const fault = readFault(error, token);
      if (!isFormRefused(fault)) throw error;
      // An unfinished table may be no table yet. Only a server without the method has no rich messages.
      if (fault.status === 404) rich.refused(404);
      return false;
    }
  }

  async function write(source: string): Promise<boolean> {
    try {
      const blocks = richOf(rich, source);
      if (blocks !== null && (await drawRich(blocks))) return true;
      const { text, extras } = visible(source);
      await api.sendMessageDraft(place.chatId, draftId, text, { ...where, ...extras }, signal);
      return true;
    } catch (error) {
      if (ended.signal.aborted) return false;
      const fault = onFault(error, target.address);
      if ("status" in fault && fault.status === 404) onMissing();
      return false;
    }
  }

  const writer = createPacedWriter<string>({ everyMs: DRAFT_EVERY_MS, repeatMs: DRAFT_REPEAT_MS, write });
  return {
    show: (text) => text.trim() !== "" && writer.put(text),
    async close() {
      await closeWithin(writer, ended);
      // The next message removes the draft, whatever the last update did.
      return true;
    },
  };
}

/** The written text as a rich message. Null: a plain text shows it as well, or the server has no rich messages. */
function richOf(rich: RichSupport, written: string): RichBlock[] | null {
  return rich.mayTry() && isBetterRich(written) ? richBlocksOf(written.toWellFormed()) : null;
}

/** Drafts with one id are one draft, animated; an id is never 0. All attempts of one answer share the id. */
function draftIdOf(executionId: string): number {
  let hash = 7;
  for (const character of executionId) hash = (hash * 31 + character.charCodeAt(0)) % 0x7fff_ffff;
  return hash + 1;
}
