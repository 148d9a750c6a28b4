import { createHash } from "node:crypto";
import type { SessionSummary } from "../../sessions/visitor-sessions-repository.ts";
import { createBell } from "./bell.ts";
import type { WebDeps } from "./web-deps.ts";

/** What a visitor's list of sessions is told: all of it first, then each session that is new or has changed. */
export type SessionListEvent =
  | { type: "sessions"; sessions: SessionSummary[] }
  | { type: "session"; session: SessionSummary };

/** How many sessions a list has; older ones are asked for page by page. */
const LIST_LIMIT = 50;

/** A visitor's sessions from outside: titles, how they stand, what is unread. Until the signal aborts. */
export async function* sessionListFeed(
  deps: Pick<WebDeps, "sessions" | "watch" | "watchVisitor" | "recheck">,
  options: { channelId: string; visitorId: string; signal: AbortSignal },
): AsyncGenerator<SessionListEvent> {
  const { channelId, visitorId, signal } = options;
  const bell = createBell();
  let stale = true;
  const look = () => {
    stale = true;
    bell.ring();
  };
  const watched = new Map<string, () => void>();
  const unwatch = deps.watchVisitor(visitorId, look);
  const leaveRecheck = deps.recheck(visitorId, look);
  signal.addEventListener("abort", bell.ring, { once: true });
  const told = new Map<string, string>();
  let isFirst = true;
  /** What is new. A function of its own: what a generator holds while it waits, it holds for as long as the stream. */
  async function news(): Promise<SessionListEvent[]> {
    const sessions = await deps.sessions.list(channelId, visitorId, { limit: LIST_LIMIT, offset: 0 });
    for (const { id } of sessions) if (!watched.has(id)) watched.set(id, deps.watch(id, look));
    const changed = sessions.filter((session) => {
      const text = stampOf(session);
      const isNew = told.get(session.id) !== text;
      told.set(session.id, text);
      return isNew;
    });
    if (!isFirst) return changed.reverse().map((session) => ({ type: "session", session }));
    isFirst = false;
    return [{ type: "sessions", sessions }];
  }
  try {
    while (!signal.aborted) {
      if (stale) {
        stale = false;
        yield* await news();
      } else await bell.rung();
    }
  } finally {
    leaveRecheck();
    unwatch();
    for (const leave of watched.values()) leave();
  }
}

/** Differs when anything of a session does; short, as it is kept for every open page. */
function stampOf(session: SessionSummary): string {
  return createHash("sha1").update(JSON.stringify(session)).digest("base64");
}
