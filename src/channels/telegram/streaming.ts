import type { Api } from "grammy";
import type { LiveStream, StreamTarget } from "../../core/live-stream.ts";
import { createPacedWriter, type PacedWriter } from "../../core/paced-writer.ts";
import { parseAddress, type TelegramPlace, threadOf } from "./address.ts";
import { describeFault, readFault, type TelegramFault } from "./errors.ts";
import { formatMarkdown } from "./markdown.ts";
import type { OutboundDeps } from "./outbound.ts";
import { previewId } from "./preview.ts";

/** How often a draft is renewed: Telegram names no limit, and asks for patience (429) where it was too often. */
const DRAFT_EVERY_MS = 1_000;
/** A draft goes away after 30 seconds unless it is written again. */
const DRAFT_REPEAT_MS = 20_000;
/** About 20 edits a minute are let through in a group. */
const EDIT_EVERY_MS = 3_000;
/** How long the end of an answer waits for an edit under way, milliseconds. */
const CLOSE_GRACE_MS = 3_000;
/** How long nothing is streamed where Telegram asks for patience without saying for how long. */
const DEFAULT_PAUSE_MS = 30_000;

type GrammySignal = Parameters<Api["getMe"]>[0];

export interface StreamingDeps extends OutboundDeps {
  /** `auto`: drafts where Telegram has them. `true`: elsewhere by editing a message, too. */
  streaming: boolean | "auto";
  split(text: string): string[];
}

/**
 * Answers shown while they are written: as a draft in private chats, elsewhere as a message that is edited. Whatever
 * goes wrong ends the preview and nothing else.
 */
export function createStreaming({ api, token, streaming, split, log }: StreamingDeps) {
  /** Telegram asked the whole bot for patience. What has to be sent comes first. */
  let quietUntil = 0;
  /** An older Bot API server, or one that others wrote. */
  let hasDrafts = true;

  function openStream(target: StreamTarget): LiveStream | null {
    const place = parseAddress(target.address);
    if (place === null || streaming === false || Date.now() < quietUntil) return null;
    // People have positive ids, groups negative ones.
    if (place.chatId > 0 && hasDrafts) return draft(place, target);
    return streaming === true ? editedMessage(place, target) : null;
  }

  /** What of an answer fits the message that its first part becomes. */
  const visible = (text: string) => formatMarkdown((split(text)[0] ?? "").toWellFormed());

  function onFault(error: unknown, address: string): TelegramFault {
    const fault = readFault(error, token);
    log.debug(
      { address, reason: describeFault(fault) },
      "an answer is not shown any further before it is sent",
    );
    if (fault.kind === "refused" && fault.status === 429)
      quietUntil = Date.now() + (fault.retryAfterMs ?? DEFAULT_PAUSE_MS);
    return fault;
  }

  function draft(place: TelegramPlace, target: StreamTarget): LiveStream {
    const draftId = draftIdOf(target.executionId);
    const ended = new AbortController();
    const writer = createPacedWriter<string>({
      everyMs: DRAFT_EVERY_MS,
      repeatMs: DRAFT_REPEAT_MS,
      async write(source) {
        const { text, entities } = visible(source);
        try {
          const options = { ...threadOf(place), entities, can_stop: true };
          await api.sendMessageDraft(place.chatId, draftId, text, options, ended.signal as GrammySignal);
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
        // Whatever became of the last one: the message that follows takes a draft away.
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
        const { text, entities } = visible(source);
        if (text === shown) return true;
        try {
          if (messageId === null) {
            // Never cut short: without its answer nobody could remove what it wrote.
            const message = await api.sendMessage(place.chatId, text, { ...threadOf(place), entities });
            messageId = message.message_id;
            target.onStanding(previewId({ chatId: place.chatId, messageId }));
          } else {
            const signal = ended.signal as GrammySignal;
            await api.editMessageText(place.chatId, messageId, text, { entities }, signal);
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

/** Waits for what is under way, but not longer than an answer can wait. */
async function closeWithin(writer: PacedWriter<string>, call: AbortController): Promise<void> {
  const timer = setTimeout(() => call.abort(), CLOSE_GRACE_MS);
  await writer.close();
  clearTimeout(timer);
}

/** Drafts of one id are one draft, animated; never 0. The same answer has the same, also where it is tried again. */
function draftIdOf(executionId: string): number {
  let hash = 7;
  for (const character of executionId) hash = (hash * 31 + character.charCodeAt(0)) % 0x7fff_ffff;
  return hash + 1;
}
