import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { timeLimit } from "../../core/time-limit.ts";

/** One Server-Sent Event. Only what can be resumed from carries an id. */
export interface StreamEvent {
  id?: number;
  event: string;
  data: unknown;
}

/** Below the 60 s after which proxies give an idle connection up, milliseconds. */
const HEARTBEAT_MS = 15_000;
/** How long a client may take to read what was sent before it counts as gone, milliseconds. */
const STALLED_MS = 60_000;

/**
 * Writes events as they come, no faster than the client reads them. Ends the response when the events end; the caller
 * ends those when the client leaves.
 */
export async function writeEventStream(
  response: ServerResponse,
  events: AsyncIterable<StreamEvent>,
): Promise<void> {
  response.writeHead(200, {
    "Content-Type": "text/event-stream; charset=utf-8",
    // Proxies must neither hold the stream back nor compress it.
    "Cache-Control": "no-cache, no-transform",
    "X-Accel-Buffering": "no",
  });
  response.write("retry: 1000\n\n");
  const heartbeat = setInterval(() => {
    if (!response.writableNeedDrain) response.write(": still here\n\n");
  }, HEARTBEAT_MS);
  try {
    for await (const event of events) {
      if (response.destroyed) return;
      if (!response.write(format(event))) await drained(response);
    }
  } finally {
    clearInterval(heartbeat);
    response.end();
  }
}

async function drained(response: ServerResponse): Promise<void> {
  const left = new AbortController();
  const signal = AbortSignal.any([left.signal, timeLimit(STALLED_MS)]);
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

function format({ id, event, data }: StreamEvent): string {
  const line = id === undefined ? "" : `id: ${id}\n`;
  return `${line}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
