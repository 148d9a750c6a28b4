import { createHash } from "node:crypto";
import type { SessionSummary } from "../../sessions/visitor-sessions-repository.ts";
import type { ServerSentEvent } from "../event-stream.ts";
import type { NewsSource } from "../news-stream.ts";
import type { WebDeps } from "./web-deps.ts";
import { named, sessionObject } from "./wire.ts";

/** How many sessions a list has; older ones are asked for page by page. */
const LIST_LIMIT = 50;

/**
 * A visitor's sessions from outside: titles, how they stand, what is unread. All of them first (`sessions`), then each that
 * is new or has changed (`session`).
 */
export function sessionListFeed(
  deps: Pick<WebDeps, "sessions" | "watch" | "watchVisitor">,
  { channelId, visitorId }: { channelId: string; visitorId: string },
  ring: () => void,
): NewsSource {
  const known = new Map<string, { stamp: string; unwatch: () => void }>();
  let closed = false;
  let isFirst = true;
  let stale = true;
  const look = () => {
    stale = true;
    ring();
  };
  const unwatchVisitor = deps.watchVisitor(visitorId, look);

  /** Whether it was told otherwise before, or not at all. */
  function isNews(session: SessionSummary): boolean {
    const stamp = stampOf(session);
    const before = known.get(session.id);
    if (before?.stamp === stamp) return false;
    known.set(session.id, { stamp, unwatch: before?.unwatch ?? deps.watch(session.id, look) });
    return true;
  }

  return {
    async read(): Promise<ServerSentEvent[]> {
      if (!stale) return [];
      stale = false;
      const sessions = await deps.sessions.list(channelId, visitorId, { limit: LIST_LIMIT, offset: 0 });
      if (closed) return [];
      const changed = sessions.filter(isNews);
      if (!isFirst) return changed.reverse().map((session) => named("session", sessionObject(session)));
      isFirst = false;
      return [named("sessions", { data: sessions.map(sessionObject) })];
    },
    look,
    close() {
      closed = true;
      unwatchVisitor();
      for (const { unwatch } of known.values()) unwatch();
    },
  };
}

/** Differs when anything of a session does; short, as it is kept for every open page. */
function stampOf(session: SessionSummary): string {
  return createHash("sha1").update(JSON.stringify(session)).digest("base64");
}
