import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { RequestError } from "../core/errors.ts";
import { timeLimit } from "../core/time-limit.ts";

/** Proxies and browsers drop connections that say nothing; milliseconds. */
const HEARTBEAT_MS = 15_000;
const STALLED_MS = 60_000;

/** One Server-Sent Event as it goes out. `id` null: it cannot be resumed from. `event` null: unnamed. */
export interface ServerSentEvent {
  id: number | null;
  event: string | null;
  /** One line; JSON has no line breaks of its own. */
  data: string;
}

export interface EventStreamOptions {
  headers?: Record<string, string>;
  /** After how long a browser comes back by itself, milliseconds. */
  retryMs?: number;
  /** How long a client may take to read what was sent before it counts as gone, milliseconds. */
  stalledMs?: number;
}

/**
 * Writes a Server-Sent Events response to its end: each event at once, a comment whenever it was silent for long, and no
 * more than the client takes. Returns when the events end or the client leaves; their iterator is closed either way.
 */
export async function writeEventStream(
  response: ServerResponse,
  events: AsyncIterable<ServerSentEvent>,
  options: EventStreamOptions = {},
): Promise<void> {
  const heartbeat = beginEventStream(response, options);
  try {
    for await (const event of events) {
      if (response.destroyed) return;
      heartbeat.refresh();
      if (!response.write(format(event))) await drained(response, options.stalledMs);
    }
    response.end();
  } finally {
    clearInterval(heartbeat);
  }
}

/** The headers, and the heartbeat: to be put off by every event, and cleared in the end. */
export function beginEventStream(response: ServerResponse, options: EventStreamOptions): NodeJS.Timeout {
  response.writeHead(200, {
    "Content-Type": "text/event-stream; charset=utf-8",
    // Proxies must neither hold the stream back nor compress it.
    "Cache-Control": "no-cache, no-transform",
    "X-Accel-Buffering": "no",
    ...options.headers,
  });
  if (options.retryMs !== undefined) response.write(`retry: ${options.retryMs}\n\n`);
  // The first event is mostly there already, and then goes out with the headers in one piece.
  setImmediate(flush, response);
  return setInterval(beat, HEARTBEAT_MS, response);
}

function flush(response: ServerResponse): void {
  if (!response.writableEnded) response.flushHeaders();
}

function beat(response: ServerResponse): void {
  if (!response.writableNeedDrain) response.write(": heartbeat\n\n");
}

/** Waits until the client has read what was written; gives one up that does not. */
export async function drained(response: ServerResponse, stalledMs = STALLED_MS): Promise<void> {
  const left = new AbortController();
  const signal = AbortSignal.any([left.signal, timeLimit(stalledMs)]);
  const leave = () => left.abort();
  response.once("close", leave);
  try {
    await once(response, "drain", { signal });
  } catch {
    response.destroy();
  } finally {
    response.off("close", leave);
  }
}

/** As it goes over the wire. */
export function format({ id, event, data }: ServerSentEvent): string {
  const head = `${id === null ? "" : `id: ${id}\n`}${event === null ? "" : `event: ${event}\n`}`;
  return `${head}data: ${data}\n\n`;
}

/** Where a client that lost its connection wants to go on; null where it does not say. */
export function lastEventId(header: string | undefined): number | null {
  if (header === undefined || header === "") return null;
  const id = /^\d{1,10}$/.test(header) ? Number(header) : Number.NaN;
  if (id < 2 ** 31) return id;
  throw new RequestError(400, "invalid_last_event_id", "Last-Event-ID is the id of an event of this stream.");
}
