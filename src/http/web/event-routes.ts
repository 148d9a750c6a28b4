import { Router } from "express";
import { z } from "zod";
import { RequestError } from "../../core/errors.ts";
import { lastEventId, type ServerSentEvent, writeEventStream } from "../event-stream.ts";
import { tooMany } from "../rate-limit.ts";
import { addressOf } from "./caller-address.ts";
import { createOpenStreams } from "./open-streams.ts";
import { count, readQuery } from "./read-body.ts";
import { type FeedEvent, sessionFeed } from "./session-feed.ts";
import { requireChannel, requireSession, requireVisitor } from "./visitor-auth.ts";
import type { WebDeps } from "./web-deps.ts";
import { messageObject } from "./wire.ts";

const seq = count(0, 2 ** 31 - 1);
const querySchema = z.object({ after: seq.optional(), tab: z.string().min(1).max(64).optional() });

type EventDeps = Pick<
  WebDeps,
  "channel" | "publicUrl" | "visitors" | "feed" | "follow" | "watch" | "limits" | "draining"
>;

/**
 * `GET /web/{channel}/sessions/{id}/events`: what happens in a session, as Server-Sent Events. A stored message carries
 * its seq as `id:`, and `Last-Event-ID` (or `?after=`) resumes behind it; what is only passing (`turn`, `state`) carries none.
 */
export function eventRoutes(deps: EventDeps): Router {
  const streams = createOpenStreams({
    perVisitor: deps.limits.streamsPerVisitor,
    perAddress: deps.limits.streamsPerAddress,
  });
  const router = Router();
  router.get("/web/:channel/sessions/:session/events", async (request, response) => {
    const channel = requireChannel(deps, request, response);
    const visitor = await requireVisitor(deps, channel, request);
    const session = await requireSession(deps, channel, visitor, request);
    const { after, tab } = readQuery(request, querySchema);
    const afterSeq = lastEventId(request.get("last-event-id")) ?? after ?? 0;
    if (deps.draining.aborted) {
      throw new RequestError(503, "stopping", "The server is stopping.", { headers: { "Retry-After": "1" } });
    }
    const stream = streams.open({ visitorId: visitor.id, address: addressOf(request), tab: tab ?? null });
    if (!stream) throw tooMany("too_many_streams", "Too many open streams. Close some first.", 5);
    const left = new AbortController();
    response.once("close", () => left.abort());
    const signal = AbortSignal.any([left.signal, stream.signal, deps.draining]);
    try {
      await writeEventStream(
        response,
        toStream(sessionFeed(deps, { sessionId: session.id, afterSeq, signal })),
        { retryMs: 1000 },
      );
    } finally {
      stream.close();
      left.abort();
    }
  });
  return router;
}

async function* toStream(feed: AsyncIterable<FeedEvent>): AsyncGenerator<ServerSentEvent> {
  for await (const item of feed) yield toStreamEvent(item);
}

function toStreamEvent(item: FeedEvent): ServerSentEvent {
  switch (item.type) {
    case "message":
      return named("message", messageObject(item.message), item.message.seq);
    case "turn":
      return named("turn", { execution_id: item.executionId, event: item.event });
    case "state": {
      const { status, endReason, title, waiting } = item.state;
      return named("state", { status, end_reason: endReason, title, waiting });
    }
  }
}

function named(event: string, data: object, id: number | null = null): ServerSentEvent {
  return { id, event, data: JSON.stringify(data) };
}
