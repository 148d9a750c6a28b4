import type { ServerResponse } from "node:http";
import { beginEventStream, drained, format, type ServerSentEvent } from "./event-stream.ts";

/**
 * Where events come from that are rare. While there are none nothing waits in it, no promise and no frame of a generator:
 * of thousands of open streams nearly all are idle, and what each of them holds counts thousandfold.
 */
export interface NewsSource {
  /** What is new, in order. Empty: nothing until it rings. Null: nothing will ever come again. */
  read(): Promise<ServerSentEvent[] | null>;
  /** Something may be new: the next `read` looks, and it rings. */
  look(): void;
  close(): void;
}

export interface NewsStreamOptions {
  retryMs: number;
  /** Called once, when the stream is over, whoever ended it. */
  onOver(): void;
  /** What went wrong in the source; the connection is cut then, and the client comes back. */
  onFailure(error: unknown): void;
  /** How long a client may take to read what was sent before it counts as gone, milliseconds. */
  stalledMs?: number;
}

/**
 * Writes what a source tells as Server-Sent Events, whenever it rings, and no more than the client takes. Goes on after it
 * has returned, until the source or the client ends or `end` is called, after which what is being written is finished.
 */
export function streamNews(
  response: ServerResponse,
  open: (ring: () => void) => NewsSource,
  options: NewsStreamOptions,
): { end(): void } {
  const { onOver, onFailure, stalledMs } = options;
  const heartbeat = beginEventStream(response, { retryMs: options.retryMs });
  let rung = false;
  let writing = false;
  let over = false;
  const source = open(ring);

  function ring(): void {
    rung = true;
    if (!writing && !over) void writeNews();
  }

  async function writeNews(): Promise<void> {
    writing = true;
    try {
      while (rung && !over) {
        rung = false;
        const news = await source.read();
        if (news === null) end();
        else if (news.length > 0) await write(news);
      }
      if (over) response.end();
    } catch (error) {
      end();
      response.destroy();
      onFailure(error);
    } finally {
      writing = false;
    }
  }

  async function write(news: readonly ServerSentEvent[]): Promise<void> {
    for (const event of news) {
      if (over) return;
      heartbeat.refresh();
      if (!response.write(format(event))) await drained(response, stalledMs);
    }
    rung = true;
  }

  function end(): void {
    if (over) return;
    over = true;
    clearInterval(heartbeat);
    source.close();
    onOver();
    if (!writing) response.end();
  }

  response.on("close", end);
  ring();
  return { end };
}

/** Several sources as one, each in its own order. Ends when one of them has ended. */
export function mergeNews(sources: readonly NewsSource[]): NewsSource {
  let ended = false;
  return {
    async read() {
      if (ended) return null;
      const parts = await Promise.all(sources.map((source) => source.read()));
      ended = parts.includes(null);
      const news = parts.flatMap((part) => part ?? []);
      return ended && news.length === 0 ? null : news;
    },
    look() {
      for (const source of sources) source.look();
    },
    close() {
      for (const source of sources) source.close();
    },
  };
}
