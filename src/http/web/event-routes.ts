import { Router } from "express";
import { z } from "zod";
import { isId } from "../../core/ids.ts";
import { lastEventId } from "../event-stream.ts";
import { mergeNews, type NewsSource } from "../news-stream.ts";
import type { ServeStream } from "./live-streams.ts";
import { count, readQuery } from "./read-body.ts";
import type { Recheck } from "./recheck.ts";
import { sessionFeed } from "./session-feed.ts";
import { sessionListFeed } from "./session-list-feed.ts";
import { requireChannel, requireSession, requireVisitor, sessionNotFound } from "./visitor-auth.ts";
import type { WebDeps } from "./web-deps.ts";

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
    const wanted = { sessionId: session.id, afterSeq };
    deps.serve(exchange, (ring) => rechecked(deps.recheck, visitor.id, sessionFeed(deps, wanted, ring)));
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
    const owner = { channelId: channel.ref.id, visitorId: visitor.id };
    deps.serve(exchange, (ring) => {
      const feeds = wanted.map((position) => sessionFeed(deps, position, ring));
      return rechecked(deps.recheck, visitor.id, mergeNews([sessionListFeed(deps, owner, ring), ...feeds]));
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

/** The same source, told to look now and then, as a notice may get lost. */
function rechecked(recheck: Recheck, visitorId: string, source: NewsSource): NewsSource {
  const leave = recheck(visitorId, source.look);
  return {
    ...source,
    close() {
      leave();
      source.close();
    },
  };
}
