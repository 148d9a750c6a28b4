import type { Api } from "grammy";
import type { LiveStream, StreamTarget } from "../../core/message/live-stream.ts";
import { createPacedWriter, type PacedWriter } from "../../core/message/paced-writer.ts";
import { monotonicMs } from "../../core/time/monotonic.ts";
import { parseAddress, type TelegramPlace, topicOf } from "./address.ts";
import { cards } from "./content.ts";
import { describeFault, readFault, type TelegramFault } from "./errors.ts";
import { split } from "./limits.ts";
import { formatMarkdown } from "./markdown.ts";
import type { OutboundDeps } from "./outbound.ts";
import { previewId } from "./preview.ts";
import { isBetterRich, richBlocksOf } from "./rich-blocks.ts";
import { isFormRefused } from "./rich-send.ts";
import type { RichSupport } from "./rich-support.ts";
import type { RichBlock } from "./rich-text.ts";

/** Interval of draft updates. Telegram names no limit, and answers 429 if they come too often. */
const DRAFT_EVERY_MS = 1_000;
/** A draft disappears after 30 seconds unless it is sent again. */
const DRAFT_REPEAT_MS = 20_000;
/** Telegram allows about 20 edits a minute in a group. */
const EDIT_EVERY_MS = 3_000;
/** Time that the end of an answer waits for a running edit, milliseconds. */
const CLOSE_GRACE_MS = 3_000;
/** Pause of streaming if Telegram asks for a delay without a duration, milliseconds. */
const DEFAULT_PAUSE_MS = 30_000;

type GrammySignal = Parameters<Api["getMe"]>[0];

export interface StreamingDeps extends OutboundDeps {
  /** `auto`: drafts if Telegram supports them. `true`: in other chats also by editing a message. */
  streaming: boolean | "auto";
  rich: RichSupport;
}

/**
 * Shows answers while they are written: as a draft in private chats, elsewhere by editing a message. An error ends only
 * the preview.
 */
export function createStreaming({ api, token, streaming, linkPreviews, rich, log }: StreamingDeps) {
  /** Telegram asked the whole bot to slow down. Deliveries come before previews. */
  let quietUntil = 0;
  /** False for an older Bot API server, or another implementation. */
  let hasDrafts = true;

  function openStream(target: StreamTarget): LiveStream | null {
    const place = parseAddress(target.address);
    if (place === null || streaming === false || monotonicMs() < quietUntil) return null;
    // Telegram has no drafts in chats of business accounts (Bot API, sendMessageDraft).
    if (place.topic?.kind === "business") return null;
    // People have positive ids, groups negative ones.
    if (place.chatId > 0 && hasDrafts) return draft(place, target);
    return streaming === true ? editedMessage(place, target) : null;
  }

  /** The written text as a rich message. Null: a plain text shows it as well, or the server has no rich messages. */
  function richOf(written: string): RichBlock[] | null {
    return rich.mayTry() && isBetterRich(written) ? richBlocksOf(written.toWellFormed()) : null;
  }

  /** The part of an answer that fits the message of its first part. */
  function visible(written: string) {
    const { text, entities } = formatMarkdown((split(written)[0] ?? "").toWellFormed());
    return { text, extras: { ...cards(linkPreviews), entities } };
  }

  function onFault(error: unknown, address: string): TelegramFault {
    const fault = readFault(error, token);
    log.debug({ address, reason: describeFault(fault) }, "the preview of an answer ends before it is sent");
    if (fault.kind === "refused" && fault.status === 429)
      quietUntil = monotonicMs() + (fault.retryAfterMs ?? DEFAULT_PAUSE_MS);
    return fault;
  }

  function draft(place: TelegramPlace, target: StreamTarget): LiveStream {
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

    const writer = createPacedWriter<string>({
      everyMs: DRAFT_EVERY_MS,
      repeatMs: DRAFT_REPEAT_MS,
      async write(source) {
        try {
          const blocks = richOf(source);
          if (blocks !== null && (await drawRich(blocks))) return true;
          const { text, extras } = visible(source);
          await api.sendMessageDraft(place.chatId, draftId, text, { ...where, ...extras }, signal);
          return true;
        } catch (error) {
          if (ended.signal.aborted) return false;
          const fault = onFault(error, target.address);
          if ("status" in fault && fault.status === 404) hasDrafts = false;
          return false;
        }
      },
    });
    return {
      show: (text) => text.trim() !== "" && writer.put(text),
      async close() {
        await closeWithin(writer, ended);
        // The next message removes the draft, whatever the last update did.
        return true;
      },
    };
  }

  function editedMessage(place: TelegramPlace, target: StreamTarget): LiveStream {
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

  return openStream;
}

/** Waits for the running call, but not longer than an answer can wait. */
async function closeWithin(writer: PacedWriter<string>, call: AbortController): Promise<void> {
  const timer = setTimeout(() => call.abort(), CLOSE_GRACE_MS);
  await writer.close();
  clearTimeout(timer);
}

/** Drafts with one id are one draft, animated; an id is never 0. All attempts of one answer share the id. */
function draftIdOf(executionId: string): number {
  let hash = 7;
  for (const character of executionId) hash = (hash * 31 + character.charCodeAt(0)) % 0x7fff_ffff;
  return hash + 1;
}
