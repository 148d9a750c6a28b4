import type { FeedPage } from "../../sessions/session-feed-repository.ts";
import type { ServerSentEvent } from "../event-stream.ts";
import type { NewsSource } from "../news-stream.ts";
import { createTurnInbox, type TurnInbox } from "./turn-inbox.ts";
import type { WebDeps } from "./web-deps.ts";
import { messageObject, named } from "./wire.ts";

const PAGE = 100;

/**
 * Everything that happens in a session behind `afterSeq`: how it stands (`state`, first and whenever that changes), its
 * messages in order of seq, each once, answers on their way from their start (`turn`: whoever reconnects is told again and
 * drops what it knows by the event's id), and that it was deleted (`gone`, last).
 */
export function sessionFeed(
  deps: Pick<WebDeps, "feed" | "follow" | "watch">,
  { sessionId, afterSeq }: { sessionId: string; afterSeq: number },
  ring: () => void,
): NewsSource {
  let turns: TurnInbox | null = null;
  let stale = true;
  let over = false;
  let seq = afterSeq;
  let told = "";
  const look = () => {
    stale = true;
    ring();
  };
  const unwatch = deps.watch(sessionId, look);

  async function stored(): Promise<ServerSentEvent[]> {
    const page = await deps.feed.since(sessionId, seq, PAGE);
    if (over) return [];
    over = page === null;
    if (page === null) return [named("gone", { session_id: sessionId })];
    seq = page.messages.at(-1)?.seq ?? seq;
    const events = page.messages.map((message) => named("message", messageObject(message), message.seq));
    if (page.messages.length < PAGE) return [...events, ...stateIn(page), ...passing(page.waiting)];
    // There may be more, and how the session stands is told behind all of it.
    stale = true;
    return events;
  }

  /** How it stands, where that is not what was told last. */
  function stateIn({ status, endReason, title, waiting }: FeedPage): ServerSentEvent[] {
    const state = named("state", { session_id: sessionId, status, end_reason: endReason, title, waiting });
    if (state.data === told) return [];
    told = state.data;
    return [state];
  }

  function passing(waiting: readonly string[]): ServerSentEvent[] {
    if (waiting.length > 0) turns ??= createTurnInbox(deps.follow, sessionId, { ring, look });
    turns?.follow(waiting);
    return turns?.take() ?? [];
  }

  return {
    async read() {
      if (over || turns?.isOver()) return null;
      if (!stale) return turns?.take() ?? [];
      stale = false;
      return await stored();
    },
    look,
    close() {
      over = true;
      unwatch();
      turns?.close();
    },
  };
}
