import type { WebClient } from "@slack/web-api";
import type { LiveStream, StreamTarget, ToolStep } from "../../core/message/live-stream.ts";
import { createPacedWriter } from "../../core/message/paced-writer.ts";
import { describeFault, isUnsupported, readFault, type SlackFault } from "./errors.ts";
import type { LiveCalls, Progress, ThreadPlace } from "./live-calls.ts";
import { withoutPings } from "./pings.ts";
import type { Preview } from "./preview.ts";
import { shownPart } from "./shown-part.ts";
import type { StreamingDeps } from "./streaming.ts";
import type { StreamingLimits } from "./streaming-limits.ts";
import { createToolCards } from "./tool-cards.ts";

/** Interval of additions to a stream. A workspace allows one hundred chat.appendStream calls a minute. */
const APPEND_EVERY_MS = 1_000;
/** Slack allows fifty chat.update calls a minute. */
const EDIT_EVERY_MS = 3_000;
/** The end of an answer waits this long for a call in progress, milliseconds. */
const CLOSE_GRACE_MS = 3_000;

interface LiveAnswer {
  place: ThreadPlace;
  target: StreamTarget;
  /** True: a stream of Slack. False: a message that is edited. */
  isStream: boolean;
  calls: LiveCalls;
  limits: StreamingLimits;
  /** Conversations that visibly show an unfinished answer. */
  showing: Set<string>;
}

/** Shows one answer while it is written. */
export function showAnswer(
  { clientOf, previews, toolCards, log }: StreamingDeps,
  { place, target, isStream, calls, limits, showing }: LiveAnswer,
): LiveStream {
  let preview: Preview | null = null;
  let shown = "";
  let still = true;
  let newest = "";
  const cards = createToolCards();

  /** Shows what is new. False: the preview ends here. */
  async function advance(client: WebClient, progress: Progress): Promise<boolean> {
    if (preview !== null) {
      if (!(await calls.goOn(client, preview, progress, shown))) return false;
      previews.shows(preview, progress.text);
    } else {
      preview = await calls.begin(client, progress);
      if (preview === null) return false;
      showing.add(target.address);
      target.onStanding(previews.shows(preview, progress.text));
    }
    cards.shows(progress.steps);
    shown = progress.text;
    return true;
  }

  async function write(source: string): Promise<boolean> {
    const seen = isStream ? withoutPings(shownPart(source)) : shownPart(source);
    const text = seen.trim() === "" ? shown : seen;
    const steps = hasCards() ? cards.changes() : [];
    if (text === shown && steps.length === 0) return true;
    try {
      const client = await clientOf(place.team);
      return client !== null && (await advance(client, { text, steps }));
    } catch (error) {
      const fault = readFault(error);
      if (preview === null && steps.length > 0 && fault.kind === "refused" && !isUnsupported(fault)) {
        log.debug({ reason: describeFault(fault) }, "Slack accepts no cards of tools here");
        limits.refuseCards(place);
        return write(source);
      }
      onFault(fault);
      return false;
    }
  }

  /** Records what is known of the preview after a fault. */
  function onFault(fault: SlackFault): void {
    const reason = describeFault(fault);
    log.debug({ channelId: place.channel, reason }, "the preview of an answer ends before it is sent");
    if (fault.kind === "rate_limited") limits.rest(place, fault.retryAfterMs);
    const isUncertain = fault.kind === "unanswered" || fault.kind === "http";
    // Certainly not appended, so the stream shows the same text as before.
    if (preview !== null && isStream && !isUncertain) previews.shows(preview, shown);
    // A late edit would overwrite the last one. A stopped stream accepts no more text.
    if (preview !== null && !isStream) still = !isUncertain;
    if (preview === null && isStream && isUnsupported(fault)) limits.refuseStreams(place);
  }

  /** A stream has cards from its beginning, or none. */
  function hasCards(): boolean {
    if (preview !== null) return preview.kind === "cards";
    return isStream && toolCards && limits.hasCards(place);
  }

  const writer = createPacedWriter<string>({ everyMs: isStream ? APPEND_EVERY_MS : EDIT_EVERY_MS, write });
  function step(next: ToolStep): void {
    cards.note(next);
    writer.put(newest);
  }

  return {
    show(text) {
      newest = text;
      if (shownPart(text).trim() !== "") writer.put(text);
    },
    ...(isStream && toolCards ? { step } : {}),
    async close() {
      showing.delete(target.address);
      const closed = writer.close().then(() => {
        if (preview?.kind === "cards") previews.ends(preview, cards.ends());
        return still;
      });
      // The first call is awaited, because without its answer nobody can finish or remove its message. An edit is
      // awaited, because it could overwrite the last one. Slack itself refuses to append to a stopped stream.
      if (preview === null || !isStream) return closed;
      return withinGrace(closed);
    },
  };
}

/** The result of a call in progress; true if it takes too long. */
function withinGrace(closed: Promise<boolean>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(true), CLOSE_GRACE_MS);
  });
  return Promise.race([closed, late]).finally(() => clearTimeout(timer));
}
