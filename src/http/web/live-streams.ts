import type { Request, Response } from "express";
import { RequestError } from "../../core/faults/errors.ts";
import type { Visitor } from "../../core/session/visitor.ts";
import { tooMany } from "../server/rate-limit.ts";
import { type NewsSource, streamNews } from "../streams/news-stream.ts";
import { createOpenStreams } from "./open-streams.ts";
import type { WebDeps } from "./web-deps.ts";

/**
 * Answers a request with the events of a source, as Server-Sent Events, until its client leaves or the server stops.
 * Returns once the stream has begun. A route that waited for the end would hold its data, and Express's, in memory as
 * long.
 */
export type ServeStream = (
  exchange: { request: Request; response: Response; visitor: Visitor; tab: string | null },
  open: (notify: () => void) => NewsSource,
) => void;

/** @param deps.traffic.limits apply to all streams of this process together. */
export function createLiveStreams(deps: Pick<WebDeps, "traffic">): ServeStream {
  const { streamsPerVisitor: perVisitor, streamsPerAddress: perAddress } = deps.traffic.limits;
  const streams = createOpenStreams({ perVisitor, perAddress }, deps.traffic.limits.streamRoom);
  deps.traffic.draining.addEventListener("abort", streams.endAll, { once: true });
  const onFailure = (err: unknown) => deps.traffic.log.error({ err }, "a visitor's stream broke off");
  return ({ request, response, visitor, tab }, open) => {
    if (deps.traffic.draining.aborted) {
      throw new RequestError(503, "stopping", "The server is stopping.", { headers: { "Retry-After": "1" } });
    }
    // A client that has already left must not replace the stream that it opened when it reconnected.
    if (response.destroyed) return;
    const end = () => stream.end();
    const leave = streams.open({ visitorId: visitor.id, address: deps.traffic.callerOf(request), tab, end });
    if (!leave) throw tooMany("too_many_streams", "Too many open streams. Close some first.", 5);
    const stream = streamNews(response, open, { retryMs: 1000, onOver: leave, onFailure });
    // Releases Express's path through the routers. It is not deleted, because that would make the request a hash table.
    Object.assign(request, { next: undefined });
  };
}
