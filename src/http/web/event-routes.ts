import { Router } from "express";
import { z } from "zod";
import { isId } from "../../core/ids.ts";
import { lastEventId, type ServerSentEvent } from "../event-stream.ts";
import type { ServeStream } from "./live-streams.ts";
import { mergeFeeds } from "./merge-feeds.ts";
import { count, readQuery } from "./read-body.ts";
import { type FeedEvent, sessionFeed } from "./session-feed.ts";
import { type SessionListEvent, sessionListFeed } from "./session-list-feed.ts";
import { requireChannel, requireSession, requireVisitor, sessionNotFound } from "./visitor-auth.ts";
import type { WebDeps } from "./web-deps.ts";
import { messageObject, sessionObject } from "./wire.ts";

const seq = count(0, 2 ** 31 - 1);
const tab = z.string().min(1).max(64).optional();
const sessionQuery = z.object({ after: seq.optional(), tab });
const visitorQuery = z.object({
  open: z
    .string()
    .regex(
      /^\w+:\d{1,10}(,\w+:\d{1,10}){0,15}$/,
      "write <session id>:<seq>, for up to 16 sessions with commas between",
    )
    .optional(),
  tab,
});

type EventDeps = Pick<
  WebDeps,
  "channel" | "publicUrl" | "visitors" | "sessions" | "feed" | "follow" | "watch" | "watchVisitor" | "recheck"
> & { serve: ServeStream };

/** What happens, as it happens: in one session, or in all of a visitor's over one connection. */
export function eventRoutes(deps: EventDeps): Router {
  const router = Router();

  // A stored message carries its seq as `id:`, and `Last-Event-ID` (or `?after=`) resumes behind it; what is only
  // passing (`turn`, `state`) carries none.
  router.get("/web/:channel/sessions/:session/events", async (request, response) => {
    const channel = requireChannel(deps, request, response);
    const visitor = await requireVisitor(deps, channel, request);
    const session = await requireSession(deps, channel, visitor, request);
    const query = readQuery(request, sessionQuery);
    const afterSeq = lastEventId(request.get("last-event-id")) ?? query.after ?? 0;
    const exchange = { request, response, visitor, tab: query.tab ?? null };
    await deps.serve(exchange, (signal) =>
      toStream(
        sessionFeed(deps, { visitorId: visitor.id, sessionId: session.id, afterSeq, signal }),
        session.id,
      ),
    );
  });

  // Of the sessions in `?open=` everything behind their seq, of all others that they are there and what is unread.
  router.get("/web/:channel/events", async (request, response) => {
    const channel = requireChannel(deps, request, response);
    const visitor = await requireVisitor(deps, channel, request);
    const query = readQuery(request, visitorQuery);
    const wanted = positions(query.open ?? "");
    const found = await Promise.all(
      wanted.map(({ sessionId }) => deps.visitors.findSession(channel.ref.id, visitor.id, sessionId)),
    );
    const missing = wanted.find((_, index) => found[index] === null);
    if (missing) throw sessionNotFound({ session_id: missing.sessionId });
    const exchange = { request, response, visitor, tab: query.tab ?? null };
    await deps.serve(exchange, (signal) =>
      mergeFeeds([
        toListStream(sessionListFeed(deps, { channelId: channel.ref.id, visitorId: visitor.id, signal })),
        ...wanted.map(({ sessionId, afterSeq }) =>
          toStream(sessionFeed(deps, { visitorId: visitor.id, sessionId, afterSeq, signal }), sessionId),
        ),
      ]),
    );
  });

  return router;
}

function positions(open: string): { sessionId: string; afterSeq: number }[] {
  return open.split(",").flatMap((entry) => {
    const [sessionId = "", afterSeq] = entry.split(":");
    return isId(sessionId) ? [{ sessionId, afterSeq: Math.min(Number(afterSeq), 2 ** 31 - 1) }] : [];
  });
}

async function* toStream(feed: AsyncIterable<FeedEvent>, sessionId: string): AsyncGenerator<ServerSentEvent> {
  for await (const item of feed) yield toStreamEvent(item, sessionId);
}

function toStreamEvent(item: FeedEvent, sessionId: string): ServerSentEvent {
  switch (item.type) {
    case "message":
      return named("message", messageObject(item.message), item.message.seq);
    case "turn":
      return named("turn", { session_id: sessionId, execution_id: item.executionId, event: item.event });
    case "state": {
      const { status, endReason, title, waiting } = item.state;
      return named("state", { session_id: sessionId, status, end_reason: endReason, title, waiting });
    }
    case "gone":
      return named("gone", { session_id: sessionId });
  }
}

async function* toListStream(feed: AsyncIterable<SessionListEvent>): AsyncGenerator<ServerSentEvent> {
  for await (const item of feed) {
    if (item.type === "session") yield named("session", sessionObject(item.session));
    else yield named("sessions", { data: item.sessions.map(sessionObject) });
  }
}

function named(event: string, data: object, id: number | null = null): ServerSentEvent {
  return { id, event, data: JSON.stringify(data) };
}
