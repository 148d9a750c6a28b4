import type { WebClient } from "@slack/web-api";
import type { StreamTarget, ToolStep } from "../../core/message/live-stream.ts";
import type { SlackPlace } from "./address.ts";
import { inEitherFormat } from "./content.ts";
import type { Preview, Previews } from "./preview.ts";
import type { FindRecipient } from "./recipient.ts";
import { cardOf, textChunks } from "./tool-cards.ts";

export type ThreadPlace = SlackPlace & { threadTs: string };

/** The text of an answer so far, and the tools whose cards change. */
export interface Progress {
  text: string;
  steps: readonly ToolStep[];
}

/** Slack's calls that show an unfinished answer. */
export interface LiveCalls {
  /** Null: the answer cannot be shown here. */
  begin(client: WebClient, progress: Progress): Promise<Preview | null>;
  /**
   * Shows more of the answer. False: this is impossible.
   * @param shown the text that the preview shows.
   */
  goOn(client: WebClient, preview: Preview, progress: Progress, shown: string): Promise<boolean>;
}

const threadOf = ({ channel, threadTs }: ThreadPlace) => ({ channel, thread_ts: threadTs });

/** Slack refuses chunks in a stream that began with text, and text in one that began with chunks. */
function contentOf(kind: Preview["kind"], text: string, steps: readonly ToolStep[]) {
  return kind === "cards" ? { chunks: [...steps.map(cardOf), ...textChunks(text)] } : { markdown_text: text };
}

/** Shows an answer as a stream of Slack. */
export function streamCalls(
  { previews, findRecipient }: { previews: Previews; findRecipient: FindRecipient },
  place: ThreadPlace,
  target: StreamTarget,
): LiveCalls {
  return {
    async begin(client, { text, steps }) {
      const recipient = await findRecipient(client, place, target);
      if (recipient === null) return null;
      // A stream that begins with text takes no cards later.
      const kind = steps.length > 0 ? "cards" : "stream";
      const content = contentOf(kind, text, steps);
      const begun = await client.chat.startStream({ ...threadOf(place), ...recipient, ...content });
      return { kind, channel: begun.channel ?? place.channel, ts: begun.ts ?? "" };
    },
    async goOn(client, preview, { text, steps }, shown) {
      if (!text.startsWith(shown)) return false;
      // Between the call and its answer the text of the stream is unknown.
      previews.shows(preview, null);
      const { kind, channel, ts } = preview;
      const content = contentOf(kind, text.slice(shown.length), steps);
      await client.chat.appendStream({ channel, ts, ...content });
      return true;
    },
  };
}

/** Shows an answer as a message that is edited. */
export function editCalls(place: ThreadPlace): LiveCalls {
  return {
    async begin(client, { text }) {
      const begun = await inEitherFormat({ text }, (body) =>
        client.chat.postMessage({ ...threadOf(place), ...body, unfurl_links: false, unfurl_media: false }),
      );
      return { kind: "message", channel: begun.channel ?? place.channel, ts: begun.ts ?? "" };
    },
    async goOn(client, { channel, ts }, { text }) {
      await inEitherFormat({ text }, (body) => client.chat.update({ channel, ts, ...body }));
      return true;
    },
  };
}
