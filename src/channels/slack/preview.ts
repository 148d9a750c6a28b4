import type { WebClient } from "@slack/web-api";
import type { SendResult } from "../../core/outbound.ts";
import { buttonsBlock } from "./blocks.ts";
import { inEitherFormat, type SlackWords } from "./content.ts";
import { readFault, type SlackFault, sendResultOf } from "./errors.ts";
import { withoutPings } from "./text.ts";

/** A message that shows an answer which is still being written. */
export interface Preview {
  /** A stream of Slack's, or a message that is edited. */
  kind: "stream" | "message";
  channel: string;
  ts: string;
}

/** How many streams are remembered that nobody has finished here; more are finished a call slower. */
const MOST_STREAMS = 1_000;

const previewId = ({ kind, channel, ts }: Preview): string => `${kind}:${channel}:${ts}`;

function readPreviewId(id: string): Preview | null {
  const [, kind, channel, ts] = /^(stream|message):([A-Z0-9]+):(\d+\.\d+)$/.exec(id) ?? [];
  if (channel === undefined || ts === undefined) return null;
  return { kind: kind === "stream" ? kind : "message", channel, ts };
}

/** Carries a call out; what is wrong with it, or null. */
async function faultOf(call: Promise<unknown>): Promise<SlackFault | null> {
  try {
    await call;
    return null;
  } catch (error) {
    return readFault(error);
  }
}

/** What becomes of a preview: its stream is stopped with the rest of the text, or it is edited, or taken away. */
export function createPreviews() {
  /** What streams of this process show, as long as that is certain. */
  const streamed = new Map<string, string>();

  /**
   * Stops a stream so that it reads as `text`. Undefined where it has to be edited for that: nobody here knows what it
   * shows, that is no beginning of the text, or Slack closed it.
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
    const rest = shown !== undefined && text.startsWith(shown) ? text.slice(shown.length) : undefined;
    const end = {
      channel,
      ts,
      ...(rest ? { markdown_text: rest } : {}),
      ...(buttons.length === 0 ? {} : { blocks: [buttonsBlock(messageId, buttons)] }),
    };
    const fault = await faultOf(client.chat.stopStream(end));
    // Certainly not carried out: the next try may go on where this one did.
    if (shown !== undefined && (fault?.kind === "rate_limited" || fault?.kind === "not_sent"))
      streamed.set(id, shown);
    return fault?.kind === "refused" || (fault === null && rest === undefined) ? undefined : fault;
  }

  /**
   * Makes a preview what is sent. Null where it cannot be, because it is gone. All of it can be repeated without harm, so
   * a call whose answer was lost is.
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
    // The limit of these calls is their own, and not that of what others are sent.
    if (result.kind === "retry") return { ...result, scope: "conversation" };
    if (result.kind === "failed" && result.scope === "channel") return result;
    await remove(client, id);
    return null;
  }

  /** True once it is gone for good. */
  async function remove(client: WebClient, id: string): Promise<boolean> {
    const preview = readPreviewId(id);
    if (preview === null) return true;
    const { kind, channel, ts } = preview;
    streamed.delete(id);
    if (kind === "stream") await faultOf(client.chat.stopStream({ channel, ts }));
    const fault = await faultOf(client.chat.delete({ channel, ts }));
    // What Slack refuses now it refuses later: it is gone already, or we are.
    return fault === null || (fault.kind === "refused" && sendResultOf(fault).kind === "failed");
  }

  return {
    finish,
    remove,
    /** Says what a preview shows now, null where that is not certain any more. Returns what names it. */
    shows(preview: Preview, text: string | null): string {
      const id = previewId(preview);
      streamed.delete(id);
      if (text !== null && preview.kind === "stream") streamed.set(id, text);
      const oldest = streamed.size > MOST_STREAMS ? streamed.keys().next().value : undefined;
      if (oldest !== undefined) streamed.delete(oldest);
      return id;
    },
  };
}

export type Previews = ReturnType<typeof createPreviews>;
