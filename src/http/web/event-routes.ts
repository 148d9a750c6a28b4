import { Router } from "express";
import { z } from "zod";
import { isId } from "../../core/ids.ts";
import { lastEventId } from "../streams/event-stream.ts";
import { mergeNews, type NewsSource } from "../streams/news-stream.ts";
import type { ServeStream } from "./live-streams.ts";
import { count, readQuery } from "./read-body.ts";
import { sessionFeed } from "./session-feed.ts";
import { sessionListFeed } from "./session-list-feed.ts";
import { requireChannel, requireOwnSession, requireVisitor, sessionNotFound } from "./visitor-auth.ts";
import type { VisitorPoll } from "./visitor-poll.ts";
import type { WebDeps } from "./web-deps.ts";

const MOST_SEQ = 2 ** 31 - 1;
const seq = count(0, MOST_SEQ);
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

type EventDeps = Pick<WebDeps, "site" | "visitors" | "traffic" | "sessions" | "news"> & {
  serve: ServeStream;
};

/** Live events: of one session, or of all sessions of a visitor over one connection. */
export function eventRoutes(deps: EventDeps): Router {
  const router = Router();

  // A stored message has its seq as `id:`, and `Last-Event-ID` (or `?after=`) resumes after it. Temporary events
  // (`turn`, `state`) have no id.
  router.get("/web/:channel/sessions/:session/events", async (request, response) => {
    const { visitor, session } = await requireOwnSession(deps, request, response);
    const query = readQuery(request, sessionQuery);
    const afterSeq = lastEventId(request.get("last-event-id"), MOST_SEQ) ?? query.after ?? 0;
    const exchange = { request, response, visitor, tab: query.tab ?? null };
    const wanted = { sessionId: session.id, afterSeq };
    deps.serve(exchange, (notify) => polled(deps.news.poll, visitor.id, sessionFeed(deps, wanted, notify)));
  });

  // Sends all events after the given seq for the sessions in `?open=`. For all other sessions it sends their list
  // entries with unread counts.
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
    const owner = { channelId: channel.ref.id, visitorId: visitor.id };
    deps.serve(exchange, (notify) => {
      const feeds = wanted.map((position) => sessionFeed(deps, position, notify));
      return polled(deps.news.poll, visitor.id, mergeNews([sessionListFeed(deps, owner, notify), ...feeds]));
    });
  });

  return router;
}

function positions(open: string): { sessionId: string; afterSeq: number }[] {
  return open.split(",").flatMap((entry) => {
    const [sessionId = "", afterSeq] = entry.split(":");
    return isId(sessionId) ? [{ sessionId, afterSeq: Math.min(Number(afterSeq), 2 ** 31 - 1) }] : [];
  });
}

/** The same source with regular checks, because a notice may get lost. */
function polled(pollVisitor: VisitorPoll, visitorId: string, source: NewsSource): NewsSource {
  const leave = pollVisitor(visitorId, source.poll);
  return {
    ...source,
    close() {
      leave();
      source.close();
    },
  };
}
