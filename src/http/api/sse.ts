import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { RequestError } from "../../core/errors.ts";

/** Proxies and browsers drop connections that say nothing; milliseconds. */
const HEARTBEAT_MS = 15_000;

/** One event as it goes out. `id` null: it cannot be resumed from. `event` null: unnamed. */
export interface ServerSentEvent {
  id: number | null;
  event: string | null;
  data: string;
}

/**
 * Writes a Server-Sent Events response to its end: a comment whenever it was silent for long, and no more than the
 * client takes. Returns when the events end or the client leaves; the events' iterator is closed either way.
 */
export async function writeEventStream(
  response: ServerResponse,
  events: AsyncIterable<ServerSentEvent>,
  headers: Record<string, string> = {},
): Promise<void> {
  response.writeHead(200, {
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-cache, no-transform",
    // nginx would hold events back until its buffer is full.
    "X-Accel-Buffering": "no",
    ...headers,
  });
  response.flushHeaders();
  const left = new AbortController();
  response.once("close", () => left.abort());
  const heartbeat = setInterval(() => response.write(": heartbeat\n\n"), HEARTBEAT_MS);
  try {
    for await (const event of events) {
      if (left.signal.aborted) return;
      heartbeat.refresh();
      const taken = response.write(format(event));
      if (!taken) await once(response, "drain", { signal: left.signal }).catch(() => undefined);
    }
    response.end();
  } finally {
    clearInterval(heartbeat);
  }
}

/** A name and one line of data: JSON has no line breaks of its own. */
function format({ id, event, data }: ServerSentEvent): string {
  const head = `${id === null ? "" : `id: ${id}\n`}${event === null ? "" : `event: ${event}\n`}`;
  return `${head}data: ${data}\n\n`;
}

/** Where a client that lost its connection wants to go on; 0 where it has seen nothing. */
export function lastEventId(header: string | undefined): number {
  if (header === undefined || header === "") return 0;
  if (/^\d{1,15}$/.test(header)) return Number(header);
  throw new RequestError(400, "invalid_last_event_id", "Last-Event-ID is the id of an event of this stream.");
}
