import type { AnyChunk, KnownBlock, WebClient } from "@slack/web-api";
import type { SendResult } from "../../core/message/outbound.ts";
import { buttonsBlock } from "./blocks.ts";
import { inEitherFormat, type SlackWords } from "./content.ts";
import { readFault, type SlackFault, sendResultOf } from "./errors.ts";
import { withoutPings } from "./pings.ts";
import { textChunks } from "./tool-cards.ts";

/** A message that shows an unfinished answer. */
export interface Preview {
  /** A stream of Slack, one with cards of tools, or a message that is edited. */
  kind: "stream" | "cards" | "message";
  channel: string;
  ts: string;
}

/** Maximum number of unfinished streams that are remembered. Finishing a forgotten one takes an extra call. */
const MOST_STREAMS = 1_000;

const previewId = ({ kind, channel, ts }: Preview): string => `${kind}:${channel}:${ts}`;

function readPreviewId(id: string): Preview | null {
  const [, kind, channel, ts] = /^(stream|cards|message):([A-Z0-9]+):(\d+\.\d+)$/.exec(id) ?? [];
  if (channel === undefined || ts === undefined) return null;
  return { kind: kind === "stream" || kind === "cards" ? kind : "message", channel, ts };
}

/** The content of a stream that this process shows. */
interface Streamed {
  text: string;
  /** The cards that change with the end. */
  ends: readonly AnyChunk[];
}

/**
 * The rest of an answer as Slack takes it. A stream has text or chunks, as it began; the other kind is refused
 * (streaming_mode_mismatch).
 */
function endOf(kind: Preview["kind"], rest: string, ends: readonly AnyChunk[], blocks: KnownBlock[]) {
  if (kind !== "cards")
    return { ...(rest && { markdown_text: rest }), ...(blocks.length === 0 ? {} : { blocks }) };
  const below: AnyChunk[] = blocks.length === 0 ? [] : [{ type: "blocks", blocks }];
  const chunks = [...ends, ...textChunks(rest), ...below];
  return chunks.length === 0 ? {} : { chunks };
}

/** Makes a call and returns its fault, or null. */
async function faultOf(call: Promise<unknown>): Promise<SlackFault | null> {
  try {
    await call;
    return null;
  } catch (error) {
    return readFault(error);
  }
}

/** Ends a preview: stops its stream with the rest of the text, edits it, or removes it. */
export function createPreviews() {
  /** The content that each stream of this process shows, as long as it is certain. */
  const streamed = new Map<string, Streamed>();

  /**
   * Stops a stream so that it shows `text`. Returns undefined if an edit is needed instead. Then the shown text is
   * unknown here, `text` does not begin with it, or Slack closed the stream.
   */
  async function stop(
    client: WebClient,
    preview: Preview,
    { text, buttons = [], messageId = "" }: SlackWords,
  ): Promise<SlackFault | null | undefined> {
    if (preview.kind === "message") return undefined;
    const id = previewId(preview);
    const shown = streamed.get(id);
    streamed.delete(id);
    const { channel, ts } = preview;
    const rest =
      shown !== undefined && text.startsWith(shown.text) ? text.slice(shown.text.length) : undefined;
    const blocks = buttons.length === 0 ? [] : [buttonsBlock(messageId, buttons)];
    const end = endOf(preview.kind, rest ?? "", shown?.ends ?? [], blocks);
    const fault = await faultOf(client.chat.stopStream({ channel, ts, ...end }));
    // Certainly not carried out, so the next attempt may continue from the same text.
    if (shown !== undefined && (fault?.kind === "rate_limited" || fault?.kind === "not_sent"))
      streamed.set(id, shown);
    return fault?.kind === "refused" || (fault === null && rest === undefined) ? undefined : fault;
  }

  /**
   * Turns a preview into the sent message. Returns null if this is impossible, because the preview is gone. Every call
   * is safe to repeat, so a call whose answer was lost is repeated.
   */
  async function finish(client: WebClient, id: string, words: SlackWords): Promise<SendResult | null> {
    const preview = readPreviewId(id);
    if (preview === null) return null;
    const { channel, ts } = preview;
    const stopped = await stop(client, preview, { ...words, text: withoutPings(words.text) });
    const edit = () => inEitherFormat(words, (content) => client.chat.update({ channel, ts, ...content }));
    const fault = stopped === undefined ? await faultOf(edit()) : stopped;
    if (fault === null) return { kind: "sent", externalIds: [`${channel}:${ts}`] };
    const result = sendResultOf(fault);
    if (result.kind === "unknown") return { ...result, kind: "retry", scope: "conversation" };
    // These calls have their own limit, which does not affect other sends.
    if (result.kind === "retry") return { ...result, scope: "conversation" };
    if (result.kind === "failed" && result.scope === "connection") return result;
    await remove(client, id);
    return null;
  }

  /** Returns true once it is removed for good. */
  async function remove(client: WebClient, id: string): Promise<boolean> {
    const preview = readPreviewId(id);
    if (preview === null) return true;
    const { kind, channel, ts } = preview;
    streamed.delete(id);
    if (kind !== "message") await faultOf(client.chat.stopStream({ channel, ts }));
    const fault = await faultOf(client.chat.delete({ channel, ts }));
    // If Slack refuses now, it refuses later too: the message is already gone, or our access is.
    return fault === null || (fault.kind === "refused" && sendResultOf(fault).kind === "failed");
  }

  return {
    finish,
    remove,
    /** Records the cards of a stream that change with its end. */
    ends(preview: Preview, ends: readonly AnyChunk[]): void {
      const shown = streamed.get(previewId(preview));
      if (shown !== undefined) shown.ends = ends;
    },

    /** Records the text that a preview shows now; null if it is uncertain. Returns the preview's id. */
    shows(preview: Preview, text: string | null): string {
      const id = previewId(preview);
      streamed.delete(id);
      if (text !== null && preview.kind !== "message") streamed.set(id, { text, ends: [] });
      const oldest = streamed.size > MOST_STREAMS ? streamed.keys().next().value : undefined;
      if (oldest !== undefined) streamed.delete(oldest);
      return id;
    },
  };
}

export type Previews = ReturnType<typeof createPreviews>;
