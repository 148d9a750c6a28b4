import { fromWire } from "./case.ts";
import { readEvents, type ServerEvent } from "./sse.ts";
import { pause, type RequestOptions, type Transport } from "./transport.ts";

/**
 * One event of the feed: the current state of one thing. `ready` comes first. After `ready` and `reset`, read
 * your lists again, because earlier changes are not sent.
 */
export interface FeedEvent {
  type: "ready" | "reset" | "session" | "message" | "execution" | "delivery" | "handoff" | "channel";
  /** Resumes the feed, as `after`. */
  eventId: string;
  data: { id?: string; sessionId?: string } & Record<string, unknown>;
}

const RECONNECT_MS = 1_000;

/**
 * Yields everything that changes in the workspace, until the signal aborts or the caller leaves the loop. A broken
 * connection is reopened at the same event. Throws if the server refuses the call.
 *
 * @param options.after the `eventId` of the last event that the caller has.
 */
export async function* feedEvents(
  transport: Transport,
  options: RequestOptions & { after?: string } = {},
): AsyncGenerator<FeedEvent> {
  let lastId = options.after ?? "";
  for (;;) {
    const headers = { Accept: "text/event-stream", ...(lastId === "" ? {} : { "Last-Event-ID": lastId }) };
    const { body } = await transport.open({ method: "GET", path: "/feed", headers }, options);
    if (body) {
      for await (const event of untilBroken(readEvents(body))) {
        lastId = event.id;
        // An untyped boundary: the types describe the documented events of the server.
        yield {
          type: event.event as FeedEvent["type"],
          eventId: event.id,
          data: fromWire(JSON.parse(event.data)) as FeedEvent["data"],
        };
      }
    }
    await pause(RECONNECT_MS, options.signal);
  }
}

/** Ends when the connection breaks. */
async function* untilBroken(events: AsyncGenerator<ServerEvent>): AsyncGenerator<ServerEvent> {
  try {
    for (;;) {
      const next = await events.next().catch(() => null);
      if (next === null || next.done) return;
      yield next.value;
    }
  } finally {
    await events.return(undefined);
  }
}
