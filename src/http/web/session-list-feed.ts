import { createHash } from "node:crypto";
import type { SessionSummary } from "../../sessions/visitor-sessions-repository.ts";
import type { ServerSentEvent } from "../streams/event-stream.ts";
import type { NewsSource } from "../streams/news-stream.ts";
import type { WebDeps } from "./web-deps.ts";
import { named, sessionObject } from "./wire.ts";

/** Number of sessions in a list. Older ones are requested page by page. */
const LIST_LIMIT = 50;

/**
 * A visitor's list of sessions: titles, states, unread counts. First all of them (`sessions`), then each new or changed
 * one (`session`).
 */
export function sessionListFeed(
  deps: Pick<WebDeps, "sessions" | "news">,
  { channelId, visitorId }: { channelId: string; visitorId: string },
  notify: () => void,
): NewsSource {
  const known = new Map<string, { stamp: string; unwatch: () => void }>();
  let closed = false;
  let isFirst = true;
  let stale = true;
  const poll = () => {
    stale = true;
    notify();
  };
  const unwatchVisitor = deps.news.visitors.watch(visitorId, poll);

  /** Returns true if the session is new or differs from the last one sent. */
  function isNews(session: SessionSummary): boolean {
    const stamp = stampOf(session);
    const before = known.get(session.id);
    if (before?.stamp === stamp) return false;
    known.set(session.id, { stamp, unwatch: before?.unwatch ?? deps.news.sessions.watch(session.id, poll) });
    return true;
  }

  return {
    async read(): Promise<ServerSentEvent[]> {
      if (!stale) return [];
      stale = false;
      const sessions = await deps.sessions.all.list(channelId, visitorId, { limit: LIST_LIMIT, offset: 0 });
      if (closed) return [];
      const changed = sessions.filter(isNews);
      if (!isFirst) return changed.reverse().map((session) => named("session", sessionObject(session)));
      isFirst = false;
      return [named("sessions", { data: sessions.map(sessionObject) })];
    },
    poll,
    close() {
      closed = true;
      unwatchVisitor();
      for (const { unwatch } of known.values()) unwatch();
    },
  };
}

/** Differs if any field of a session differs. It is short, because it is kept for every open page. */
function stampOf(session: SessionSummary): string {
  return createHash("sha1").update(JSON.stringify(session)).digest("base64");
}
