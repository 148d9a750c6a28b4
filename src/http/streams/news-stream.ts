import type { ServerResponse } from "node:http";
import { beginEventStream, drained, format, type ServerSentEvent } from "./event-stream.ts";

/**
 * A source of rare events. While there are none, no promise and no generator frame waits in it. Nearly all of thousands
 * of open streams are idle, so the memory of each one counts thousandfold.
 */
export interface NewsSource {
  /** The new events, in order. Empty: nothing until the next notice. Null: nothing more will come. */
  read(): Promise<ServerSentEvent[] | null>;
  /** Something may be new, so the next `read` checks, and the source notifies. */
  poll(): void;
  close(): void;
}

export interface NewsStreamOptions {
  retryMs: number;
  /** Called once, when the stream is over, for any reason. */
  onOver(): void;
  /** The error of the source. Then the connection is cut, and the client reconnects. */
  onFailure(error: unknown): void;
  /** Maximum time for a client to read sent data before it counts as gone, milliseconds. */
  stalledMs?: number;
}

/**
 * Writes the events of a source as Server-Sent Events at each notice, at the speed of the client. It continues after it
 * returns, until the source or the client ends or `end` is called. An event that is being written is then finished.
 */
export function streamNews(
  response: ServerResponse,
  open: (notify: () => void) => NewsSource,
  options: NewsStreamOptions,
): { end(): void } {
  const { onOver, onFailure, stalledMs } = options;
  const heartbeat = beginEventStream(response, { retryMs: options.retryMs });
  let rung = false;
  let writing = false;
  let over = false;
  const source = open(notify);

  function notify(): void {
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
  notify();
  return { end };
}

/** Several sources as one, each in its own order. It ends when one of them has ended. */
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
    poll() {
      for (const source of sources) source.poll();
    },
    close() {
      for (const source of sources) source.close();
    },
  };
}
