import type { Request, Response } from "express";
import { RequestError } from "../../core/errors.ts";
import type { Visitor } from "../../core/visitor.ts";
import { type ServerSentEvent, writeEventStream } from "../event-stream.ts";
import { tooMany } from "../rate-limit.ts";
import { addressOf } from "./caller-address.ts";
import { createOpenStreams } from "./open-streams.ts";
import type { WebDeps } from "./web-deps.ts";

/** Answers a request with a feed, as Server-Sent Events, until its client leaves or the server stops. */
export type ServeStream = (
  exchange: { request: Request; response: Response; visitor: Visitor; tab: string | null },
  feed: (signal: AbortSignal) => AsyncIterable<ServerSentEvent>,
) => Promise<void>;

/** @param deps.limits apply to all streams of this process together. */
export function createLiveStreams(deps: Pick<WebDeps, "limits" | "draining">): ServeStream {
  const streams = createOpenStreams({
    perVisitor: deps.limits.streamsPerVisitor,
    perAddress: deps.limits.streamsPerAddress,
  });
  deps.draining.addEventListener("abort", streams.endAll, { once: true });
  return async ({ request, response, visitor, tab }, feed) => {
    if (deps.draining.aborted) {
      throw new RequestError(503, "stopping", "The server is stopping.", { headers: { "Retry-After": "1" } });
    }
    // A client that has left meanwhile must not take the place of the stream it came back for.
    if (response.destroyed) return;
    const stream = streams.open({ visitorId: visitor.id, address: addressOf(request), tab });
    if (!stream) throw tooMany("too_many_streams", "Too many open streams. Close some first.", 5);
    response.once("close", stream.end);
    try {
      await writeEventStream(response, feed(stream.signal), { retryMs: 1000 });
    } finally {
      stream.end();
    }
  };
}
