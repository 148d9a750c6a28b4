import type { LiveStream, StreamTarget } from "../../core/message/live-stream.ts";
import { monotonicMs } from "../../core/time/monotonic.ts";
import { parseAddress } from "./address.ts";
import { describeFault, readFault, type TelegramFault } from "./errors.ts";
import { type LiveContext, visiblePart } from "./live-context.ts";
import { showDraft } from "./live-draft.ts";
import { showEdits } from "./live-edits.ts";
import type { OutboundDeps } from "./outbound.ts";
import type { RichSupport } from "./rich-support.ts";

/** Pause of streaming if Telegram asks for a delay without a duration, milliseconds. */
const DEFAULT_PAUSE_MS = 30_000;

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

  function onFault(error: unknown, address: string): TelegramFault {
    const fault = readFault(error, token);
    log.debug({ address, reason: describeFault(fault) }, "the preview of an answer ends before it is sent");
    if (fault.kind === "refused" && fault.status === 429)
      quietUntil = monotonicMs() + (fault.retryAfterMs ?? DEFAULT_PAUSE_MS);
    return fault;
  }

  const context: LiveContext = {
    api,
    token,
    visible: (written) => visiblePart(linkPreviews, written),
    onFault,
  };
  const onMissing = () => {
    hasDrafts = false;
  };

  return (target: StreamTarget): LiveStream | null => {
    const place = parseAddress(target.address);
    if (place === null || streaming === false || monotonicMs() < quietUntil) return null;
    // Telegram has no drafts in chats of business accounts (Bot API, sendMessageDraft).
    if (place.topic?.kind === "business") return null;
    // People have positive ids, groups negative ones.
    if (place.chatId > 0 && hasDrafts) return showDraft(context, { rich, onMissing }, place, target);
    return streaming === true ? showEdits(context, place, target) : null;
  };
}
