import type { TurnEvent } from "../../core/turn-log.ts";
import type { FeedPage } from "../../sessions/session-feed-repository.ts";
import type { VisitorMessage } from "../../sessions/visitor-repository.ts";
import { createBell } from "./bell.ts";
import type { WebDeps } from "./web-deps.ts";

/** What an open stream is told. */
export type FeedEvent =
  /** How the session stands; first, and whenever it changes. `waiting`: executions that have not answered yet. */
  | { type: "state"; state: Pick<FeedPage, "status" | "endReason" | "title" | "waiting"> }
  /** A stored message, in order of seq, each once. */
  | { type: "message"; message: VisitorMessage }
  /** An answer on its way, from its start: whoever reconnects is told again and drops what it knows by the event's id. */
  | { type: "turn"; executionId: string; event: TurnEvent }
  /** The session was deleted. Last. */
  | { type: "gone" };

const PAGE = 100;
/** A consumer this far behind, in events, is cut off: it reconnects and catches up from Postgres. */
const MAX_BEHIND = 2_000;
/** Answers followed at the same time; more messages than that waiting in one session is no conversation. */
const MAX_FOLLOWED = 16;

/** Everything that happens in a session behind `afterSeq`, until the signal aborts or the session is deleted. */
export async function* sessionFeed(
  deps: Pick<WebDeps, "feed" | "follow" | "watch" | "recheck">,
  options: { visitorId: string; sessionId: string; afterSeq: number; signal: AbortSignal },
): AsyncGenerator<FeedEvent> {
  const { sessionId } = options;
  const over = new AbortController();
  const { signal } = over;
  const end = () => over.abort();
  options.signal.addEventListener("abort", end, { once: true });
  if (options.signal.aborted) end();
  const inbox: FeedEvent[] = [];
  const bell = createBell();
  let stale = true;
  const look = () => {
    stale = true;
    bell.ring();
  };

  const followed = new Set<string>();
  const follow = async (executionId: string): Promise<void> => {
    for await (const event of deps.follow(executionId, 0, signal)) {
      inbox.push({ type: "turn", executionId, event });
      if (inbox.length > MAX_BEHIND) over.abort();
      bell.ring();
    }
    look();
  };

  const unwatch = deps.watch(sessionId, look);
  const leaveRecheck = deps.recheck(options.visitorId, look);
  signal.addEventListener("abort", bell.ring, { once: true });
  let seq = options.afterSeq;
  let told = "";
  try {
    while (!signal.aborted) {
      if (stale) {
        stale = false;
        const page = await deps.feed.since(sessionId, seq, PAGE);
        if (page === null) {
          yield { type: "gone" };
          return;
        }
        for (const message of page.messages) {
          seq = message.seq;
          yield { type: "message", message };
        }
        if (page.messages.length === PAGE) {
          stale = true;
          continue;
        }
        const { status, endReason, title, waiting } = page;
        const state = { status, endReason, title, waiting };
        if (JSON.stringify(state) !== told) yield { type: "state", state };
        told = JSON.stringify(state);
        for (const id of waiting.slice(0, MAX_FOLLOWED)) {
          if (followed.has(id)) continue;
          followed.add(id);
          // A lost connection to Postgres ends this stream; the client comes back for the rest.
          follow(id).catch(() => over.abort());
        }
      }
      for (const event of inbox.splice(0)) yield event;
      if (!stale && inbox.length === 0) await bell.rung();
    }
  } finally {
    over.abort();
    options.signal.removeEventListener("abort", end);
    leaveRecheck();
    unwatch();
  }
}
