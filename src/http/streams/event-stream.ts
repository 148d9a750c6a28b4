import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { RequestError } from "../../core/faults/errors.ts";
import { timeLimit } from "../../core/time/time-limit.ts";

/** Proxies and browsers drop silent connections; milliseconds. */
const HEARTBEAT_MS = 15_000;
const STALLED_MS = 60_000;

/** One Server-Sent Event to send. `id` null: a client cannot resume from it. `event` null: unnamed. */
export interface ServerSentEvent {
  id: number | null;
  event: string | null;
  /** One line: JSON contains no line breaks. */
  data: string;
}

export interface EventStreamOptions {
  headers?: Record<string, string>;
  /** Time until a browser reconnects, milliseconds. */
  retryMs?: number;
  /** Maximum time for a client to read sent data before it counts as gone, milliseconds. */
  stalledMs?: number;
}

/**
 * Writes a Server-Sent Events response to its end. It writes each event at once, and a comment after a long silence, at
 * the speed of the client. It returns when the events end or the client leaves. The iterator of the events is closed in
 * both cases.
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

/**
 * Writes the headers and starts the heartbeat. Every event delays the heartbeat, and the caller clears it at the end.
 */
export function beginEventStream(response: ServerResponse, options: EventStreamOptions): NodeJS.Timeout {
  response.writeHead(200, {
    "Content-Type": "text/event-stream; charset=utf-8",
    // Proxies must neither hold the stream back nor compress it.
    "Cache-Control": "no-cache, no-transform",
    "X-Accel-Buffering": "no",
    ...options.headers,
  });
  if (options.retryMs !== undefined) response.write(`retry: ${options.retryMs}\n\n`);
  // The first event is usually ready, and then it is sent together with the headers.
  setImmediate(flush, response);
  return setInterval(beat, HEARTBEAT_MS, response);
}

function flush(response: ServerResponse): void {
  if (!response.writableEnded) response.flushHeaders();
}

function beat(response: ServerResponse): void {
  if (!response.writableNeedDrain) response.write(": heartbeat\n\n");
}

/** Waits until the client has read the written data. Closes the connection of a client that does not. */
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

/** The event as text for the connection. */
export function format({ id, event, data }: ServerSentEvent): string {
  const head = `${id === null ? "" : `id: ${id}\n`}${event === null ? "" : `event: ${event}\n`}`;
  return `${head}data: ${data}\n\n`;
}

/**
 * The event after which a reconnecting client continues; null if it sends none. Ids of turns can be large, because each
 * attempt of an answer has its own range.
 */
export function lastEventId(header: string | undefined, most = Number.MAX_SAFE_INTEGER): number | null {
  if (header === undefined || header === "") return null;
  const id = /^\d{1,16}$/.test(header) ? Number(header) : Number.NaN;
  if (id <= most) return id;
  throw new RequestError(
    400,
    "invalid_last_event_id",
    "Last-Event-ID must be the id of an event of this stream.",
  );
}
