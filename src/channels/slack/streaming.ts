import type { WebClient } from "@slack/web-api";
import type { LiveStream, StreamTarget, ToolStep } from "../../core/message/live-stream.ts";
import { createPacedWriter } from "../../core/message/paced-writer.ts";
import { parseAddress, type SlackPlace } from "./address.ts";
import { inEitherFormat } from "./content.ts";
import { describeFault, isUnsupported, readFault, type SlackFault } from "./errors.ts";
import { split } from "./limits.ts";
import type { OutboundDeps } from "./outbound.ts";
import type { People } from "./people.ts";
import { settled, withoutPings } from "./pings.ts";
import type { Preview, Previews } from "./preview.ts";
import { createFindRecipient, isDirect } from "./recipient.ts";
import { createStreamingLimits } from "./streaming-limits.ts";
import { cardOf, createToolCards, textChunks } from "./tool-cards.ts";

/** Interval of additions to a stream. A workspace allows one hundred chat.appendStream calls a minute. */
const APPEND_EVERY_MS = 1_000;
/** Slack allows fifty chat.update calls a minute. */
const EDIT_EVERY_MS = 3_000;
/** The end of an answer waits this long for a call in progress, milliseconds. */
const CLOSE_GRACE_MS = 3_000;

export interface StreamingDeps extends OutboundDeps {
  previews: Previews;
  people: Pick<People, "teamOf">;
  /** `auto`: streams where Slack supports them. `true`: also edits a message where Slack does not. */
  streaming: boolean | "auto";
  /** True if tools at work are shown as cards. */
  toolCards: boolean;
}

/**
 * Shows unfinished answers, by Slack's streams or by edits of a message. An error ends the preview and nothing else.
 */
export function createStreaming(deps: StreamingDeps) {
  const { clientOf, previews, people, streaming, toolCards, log } = deps;
  const limits = createStreamingLimits();
  const findRecipient = createFindRecipient(people);
  /** Conversations that visibly show an unfinished answer. */
  const showing = new Set<string>();

  function openStream(target: StreamTarget): LiveStream | null {
    const place = parseAddress(target.address);
    if (place?.threadTs == null || streaming === false) return null;
    if (limits.isQuiet(place)) return null;
    // Outside direct conversations a stream needs a recipient.
    const native = limits.hasStreams(place) && (isDirect(place) || target.userIdentifier !== null);
    if (!native && streaming !== true) return null;
    return show({ ...place, threadTs: place.threadTs }, target, native);
  }

  /** The part of an answer that may be shown. It fits the message of the first part and leaves out the last word. */
  const visible = (text: string) => settled(wholeWords(split(text)[0] ?? ""));

  function onFault(fault: SlackFault, place: SlackPlace): void {
    const reason = describeFault(fault);
    log.debug({ channelId: place.channel, reason }, "the preview of an answer ends before it is sent");
    if (fault.kind === "rate_limited") limits.rest(place, fault.retryAfterMs);
  }

  function show(
    place: SlackPlace & { threadTs: string },
    target: StreamTarget,
    isStream: boolean,
  ): LiveStream {
    let preview: Preview | null = null;
    let shown = "";
    let still = true;
    let newest = "";
    const cards = createToolCards();
    const into = { channel: place.channel, thread_ts: place.threadTs };

    async function begin(client: WebClient, text: string, steps: ToolStep[]): Promise<boolean> {
      const to = isStream ? await findRecipient(client, place, target) : {};
      if (to === null) return false;
      // A stream that begins with text takes no cards later.
      const hasCards = steps.length > 0;
      const content = hasCards
        ? { chunks: [...steps.map(cardOf), ...textChunks(text)] }
        : { markdown_text: text };
      const begun = isStream
        ? await client.chat.startStream({ ...into, ...to, ...content })
        : await inEitherFormat({ text }, (body) =>
            client.chat.postMessage({ ...into, ...body, unfurl_links: false, unfurl_media: false }),
          );
      const kind = !isStream ? "message" : hasCards ? "cards" : "stream";
      cards.shows(steps);
      preview = { kind, channel: begun.channel ?? place.channel, ts: begun.ts ?? "" };
      shown = text;
      showing.add(target.address);
      target.onStanding(previews.shows(preview, text));
      return true;
    }

    async function goOn(
      client: WebClient,
      standing: Preview,
      text: string,
      steps: ToolStep[],
    ): Promise<boolean> {
      const { channel, ts } = standing;
      if (isStream && !text.startsWith(shown)) return false;
      if (!isStream) await inEitherFormat({ text }, (body) => client.chat.update({ channel, ts, ...body }));
      else {
        // Between the call and its answer the text of the stream is unknown.
        previews.shows(standing, null);
        const added = text.slice(shown.length);
        const content =
          standing.kind === "cards"
            ? { chunks: [...steps.map(cardOf), ...textChunks(added)] }
            : { markdown_text: added };
        await client.chat.appendStream({ channel, ts, ...content });
        cards.shows(steps);
        previews.shows(standing, text);
      }
      shown = text;
      return true;
    }

    async function write(source: string): Promise<boolean> {
      const seen = isStream ? withoutPings(visible(source)) : visible(source);
      const text = seen.trim() === "" ? shown : seen;
      const steps = hasCards() ? cards.changes() : [];
      if (text === shown && steps.length === 0) return true;
      try {
        const client = await clientOf(place.team);
        if (client === null) return false;
        return preview === null ? await begin(client, text, steps) : await goOn(client, preview, text, steps);
      } catch (error) {
        const fault = readFault(error);
        if (preview === null && steps.length > 0 && fault.kind === "refused" && !isUnsupported(fault)) {
          log.debug({ reason: describeFault(fault) }, "Slack accepts no cards of tools here");
          limits.refuseCards(place);
          return write(source);
        }
        onFault(fault, place);
        // Certainly not appended, so the stream shows the same text as before.
        if (preview !== null && isStream && fault.kind !== "unanswered" && fault.kind !== "http")
          previews.shows(preview, shown);
        // A late edit would overwrite the last one. A stopped stream accepts no more text.
        if (preview !== null && !isStream) still = fault.kind !== "unanswered" && fault.kind !== "http";
        if (preview === null && isStream && isUnsupported(fault)) limits.refuseStreams(place);
        return false;
      }
    }

    /** A stream has cards from its beginning, or none. */
    function hasCards(): boolean {
      if (preview !== null) return preview.kind === "cards";
      return isStream && toolCards && limits.hasCards(place);
    }

    const writer = createPacedWriter<string>({ everyMs: isStream ? APPEND_EVERY_MS : EDIT_EVERY_MS, write });
    return {
      show(text) {
        newest = text;
        if (visible(text).trim() !== "") writer.put(text);
      },
      ...(isStream && toolCards
        ? {
            step(step: ToolStep) {
              cards.note(step);
              writer.put(newest);
            },
          }
        : {}),
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

  return { openStream, isShowing: (address: string) => showing.has(address) };
}

/** The result of a call in progress; true if it takes too long. */
function withinGrace(closed: Promise<boolean>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(true), CLOSE_GRACE_MS);
  });
  return Promise.race([closed, late]).finally(() => clearTimeout(timer));
}

/** Places to cut a text: at white space, and after a character of a script that uses no spaces. */
const BREAK = /\s+|(?<=[\u2e80-\u9fff\uac00-\ud7a3\uff00-\uffef])/g;

/** A text without its last word. So no word is torn, and no half-written word reads as a mention. */
function wholeWords(text: string): string {
  const last = [...text.matchAll(BREAK)].at(-1);
  return text.slice(0, last?.index ?? 0);
}
