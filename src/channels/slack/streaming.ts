import type { WebClient } from "@slack/web-api";
import type { LiveStream, StreamTarget } from "../../core/live-stream.ts";
import { createPacedWriter } from "../../core/paced-writer.ts";
import { parseAddress, type SlackPlace } from "./address.ts";
import { inEitherFormat } from "./content.ts";
import { describeFault, isFinal, readFault, type SlackFault } from "./errors.ts";
import type { OutboundDeps } from "./outbound.ts";
import type { Preview, Previews } from "./preview.ts";
import { withoutPings } from "./text.ts";

/** How often a stream grows: chat.appendStream may be called a hundred times a minute in a workspace. */
const APPEND_EVERY_MS = 1_000;
/** chat.update may be called fifty times a minute. */
const EDIT_EVERY_MS = 3_000;
/** How long the end of an answer waits for a call under way, milliseconds. */
const CLOSE_GRACE_MS = 3_000;

export interface StreamingDeps extends OutboundDeps {
  previews: Previews;
  /** `auto`: streams where Slack takes them. `true`: elsewhere by editing a message, too. */
  streaming: boolean | "auto";
  split(text: string): string[];
}

/**
 * Answers shown while they are written, by Slack's streams or by editing a message. Whatever goes wrong ends the preview
 * and nothing else.
 */
export function createStreaming(deps: StreamingDeps) {
  const { clientOf, previews, streaming, split, log } = deps;
  /** Workspaces that asked for patience, and until when. What has to be sent comes first. */
  const quietUntil = new Map<string | null, number>();
  /** Where there are no streams: a workspace and a kind of conversation. */
  const refused = new Set<string>();
  /** The workspace our token is one of, where there is only one. */
  let ourTeam: string | null = null;
  /** Conversations in which an answer can be seen to be written. */
  const showing = new Set<string>();

  const kindOf = ({ team, channel }: SlackPlace) => `${team ?? ""}/${channel.charAt(0)}`;

  function openStream(target: StreamTarget): LiveStream | null {
    const place = parseAddress(target.address);
    if (place?.threadTs == null || streaming === false) return null;
    if (Date.now() < (quietUntil.get(place.team) ?? 0)) return null;
    const native = !refused.has(kindOf(place));
    if (!native && streaming !== true) return null;
    return show({ ...place, threadTs: place.threadTs }, target, native);
  }

  /** What of an answer may be shown: of what fits the message that its first part becomes, all but the last word. */
  const visible = (text: string) => withoutPings(wholeWords(split(text)[0] ?? ""));

  function onFault(fault: SlackFault, place: SlackPlace): void {
    const reason = describeFault(fault);
    log.debug({ channelId: place.channel, reason }, "an answer is not shown any further before it is sent");
    if (fault.kind === "rate_limited") quietUntil.set(place.team, Date.now() + fault.retryAfterMs);
  }

  function show(
    place: SlackPlace & { threadTs: string },
    target: StreamTarget,
    isStream: boolean,
  ): LiveStream {
    let preview: Preview | null = null;
    let shown = "";
    let still = true;
    const into = { channel: place.channel, thread_ts: place.threadTs };

    async function begin(client: WebClient, text: string): Promise<void> {
      const begun = isStream
        ? await client.chat.startStream({
            ...into,
            ...(await recipient(client, place, target)),
            markdown_text: text,
          })
        : await inEitherFormat({ text }, (body) =>
            client.chat.postMessage({ ...into, ...body, unfurl_links: false, unfurl_media: false }),
          );
      const kind = isStream ? "stream" : "message";
      preview = { kind, channel: begun.channel ?? place.channel, ts: begun.ts ?? "" };
      shown = text;
      showing.add(target.address);
      target.onStanding(previews.shows(preview, text));
    }

    async function goOn(client: WebClient, standing: Preview, text: string): Promise<boolean> {
      const { channel, ts } = standing;
      if (isStream && !text.startsWith(shown)) return false;
      if (!isStream) await inEitherFormat({ text }, (body) => client.chat.update({ channel, ts, ...body }));
      else {
        // Between the call and its answer nobody knows what the stream shows.
        previews.shows(standing, null);
        await client.chat.appendStream({ channel, ts, markdown_text: text.slice(shown.length) });
        previews.shows(standing, text);
      }
      shown = text;
      return true;
    }

    async function write(source: string): Promise<boolean> {
      const text = visible(source);
      if (text.trim() === "" || text === shown) return true;
      try {
        const client = await clientOf(place.team);
        if (client === null) return false;
        if (preview !== null) return await goOn(client, preview, text);
        await begin(client, text);
        return true;
      } catch (error) {
        const fault = readFault(error);
        onFault(fault, place);
        // Certainly not appended: what stands is what stood.
        if (preview !== null && isStream && fault.kind !== "unanswered" && fault.kind !== "http")
          previews.shows(preview, shown);
        // An edit that is late would come in behind the last one; a stream that was stopped takes nothing more.
        if (preview !== null && !isStream) still = fault.kind !== "unanswered" && fault.kind !== "http";
        if (preview === null && isStream && hasNoStreams(fault)) refused.add(kindOf(place));
        return false;
      }
    }

    const writer = createPacedWriter<string>({ everyMs: isStream ? APPEND_EVERY_MS : EDIT_EVERY_MS, write });
    return {
      show: (text) => visible(text).trim() !== "" && writer.put(text),
      async close() {
        showing.delete(target.address);
        const closed = writer.close().then(() => still);
        // The beginning is waited for: without its answer nobody could finish or remove what it wrote. So is an edit, that
        // could come in behind the last one; Slack itself refuses to append to a stream that was stopped.
        if (preview === null || !isStream) return closed;
        const grace = new AbortController();
        const late = new Promise<boolean>((resolve) => {
          const timer = setTimeout(() => resolve(true), CLOSE_GRACE_MS);
          grace.signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
        });
        return Promise.race([closed, late]).finally(() => grace.abort());
      },
    };
  }

  /** Outside direct conversations Slack wants to know for whom it is, and in which workspace they are. */
  async function recipient(client: WebClient, place: SlackPlace, { userIdentifier }: StreamTarget) {
    const user = userIdentifier?.split("/").at(-1);
    if (place.channel.startsWith("D") || user === undefined) return {};
    // Asked here and not at the start: a process that only answers is never started.
    if (place.team === null) ourTeam ??= (await client.auth.test()).team_id ?? null;
    const team = place.team ?? ourTeam;
    return team === null ? {} : { recipient_user_id: user, recipient_team_id: team };
  }

  return { openStream, isShowing: (address: string) => showing.has(address) };
}

/** Where a text may be cut: at white space, and behind a character of a script that needs none. */
const BREAK = /\s+|(?<=[\u2e80-\u9fff\uac00-\ud7a3\uff00-\uffef])/g;

/** All but the last word of a text: what belongs together is not torn, and could not read as a mention. */
function wholeWords(text: string): string {
  const last = [...text.matchAll(BREAK)].at(-1);
  return text.slice(0, last?.index ?? 0);
}

/** Whether there are no streams in such a conversation, now or later, until the app is changed. */
function hasNoStreams(fault: SlackFault): boolean {
  return isFinal(fault) || (fault.kind === "refused" && /not_(supported|allowed|enabled)/.test(fault.error));
}
