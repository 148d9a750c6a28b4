import type { Request, Response } from "express";
import { RequestError } from "../../core/errors.ts";
import type { Visitor } from "../../core/visitor.ts";
import { type NewsSource, streamNews } from "../news-stream.ts";
import { tooMany } from "../rate-limit.ts";
import { addressOf } from "./caller-address.ts";
import { createOpenStreams } from "./open-streams.ts";
import type { WebDeps } from "./web-deps.ts";

/**
 * Answers a request with what a source tells, as Server-Sent Events, until its client leaves or the server stops. Returns
 * when that has begun: a route that waited for the end would hold all it knows, and Express its way there, as long.
 */
export type ServeStream = (
  exchange: { request: Request; response: Response; visitor: Visitor; tab: string | null },
  open: (ring: () => void) => NewsSource,
) => void;

/** @param deps.limits apply to all streams of this process together. */
export function createLiveStreams(deps: Pick<WebDeps, "limits" | "draining" | "log">): ServeStream {
  const streams = createOpenStreams({
    perVisitor: deps.limits.streamsPerVisitor,
    perAddress: deps.limits.streamsPerAddress,
  });
  deps.draining.addEventListener("abort", streams.endAll, { once: true });
  const onFailure = (err: unknown) => deps.log.error({ err }, "a visitor's stream broke off");
  return ({ request, response, visitor, tab }, open) => {
    if (deps.draining.aborted) {
      throw new RequestError(503, "stopping", "The server is stopping.", { headers: { "Retry-After": "1" } });
    }
    // A client that has left meanwhile must not take the place of the stream it came back for.
    if (response.destroyed) return;
    const end = () => stream.end();
    const leave = streams.open({ visitorId: visitor.id, address: addressOf(request), tab, end });
    if (!leave) throw tooMany("too_many_streams", "Too many open streams. Close some first.", 5);
    const stream = streamNews(response, open, { retryMs: 1000, onOver: leave, onFailure });
    // The way through the routers, which Express leaves here. Not deleted: that would make a hash table of the request.
    Object.assign(request, { next: undefined });
  };
}
