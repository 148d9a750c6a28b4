import type { FeedPage } from "../../sessions/session-feed-repository.ts";
import type { VisitorMessage } from "../../sessions/visitor-message.ts";
import type { ServerSentEvent } from "../streams/event-stream.ts";
import type { NewsSource } from "../streams/news-stream.ts";
import { createTurnInbox, type TurnInbox } from "./turn-inbox.ts";
import type { WebDeps } from "./web-deps.ts";
import { messageObject, named } from "./wire.ts";

const PAGE = 100;

/**
 * All events of a session after `afterSeq`. Its messages come in order of seq, each once. `state` is the session's state,
 * after the stored messages and at each change. `turn` is an unfinished answer from its start. A reconnecting client
 * gets it again and drops known events by their ids. `gone` comes last, if the session was deleted.
 */
export function sessionFeed(
  deps: Pick<WebDeps, "news">,
  { sessionId, afterSeq }: { sessionId: string; afterSeq: number },
  notify: () => void,
): NewsSource {
  let turns: TurnInbox | null = null;
  let stale = true;
  let over = false;
  let seq = afterSeq;
  let told = "";
  /** Voice messages whose transcription was not sent yet, by seq, with the content that was sent. */
  let unheard: Map<number, string | null> | null = null;
  const poll = () => {
    stale = true;
    notify();
  };
  const unwatch = deps.news.sessions.watch(sessionId, poll);

  async function stored(): Promise<ServerSentEvent[]> {
    const page = await deps.news.feed.since(sessionId, seq, PAGE);
    if (over) return [];
    over = page === null;
    if (page === null) return [named("gone", { session_id: sessionId })];
    seq = page.messages.at(-1)?.seq ?? seq;
    const events = page.messages.map((message) => named("message", messageObject(message), message.seq));
    unheard ??= new Map(
      (await deps.news.feed.unheard(sessionId, afterSeq)).map((earlier) => [earlier, null]),
    );
    for (const message of page.messages) if (isVoice(message)) unheard.set(message.seq, message.content);
    if (page.messages.length < PAGE) {
      const words = await newWords(unheard, page.waiting);
      return [...events, ...words, ...stateIn(page), ...passing(page.waiting)];
    }
    // There may be more messages, and the state comes after all of them.
    stale = true;
    return events;
  }

  /**
   * Sends voice messages again when they have their transcription. Their events have no id, because the stream resumes
   * by seq.
   */
  async function newWords(
    voices: Map<number, string | null>,
    waiting: readonly string[],
  ): Promise<ServerSentEvent[]> {
    if (voices.size === 0) return [];
    const heard = await deps.news.feed.heard(sessionId, [...voices.keys()]);
    const news = heard.filter((message) => voices.get(message.seq) !== message.content);
    for (const message of heard) voices.delete(message.seq);
    // Nothing answers any more, so nothing listens any more.
    if (waiting.length === 0) voices.clear();
    return news.map((message) => named("message", messageObject(message)));
  }

  /** The state, if it differs from the last one sent. */
  function stateIn({ status, endReason, title, waiting }: FeedPage): ServerSentEvent[] {
    const state = named("state", { session_id: sessionId, status, end_reason: endReason, title, waiting });
    if (state.data === told) return [];
    told = state.data;
    return [state];
  }

  function passing(waiting: readonly string[]): ServerSentEvent[] {
    if (waiting.length > 0) turns ??= createTurnInbox(deps.news.follow, sessionId, { notify, poll });
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
    poll,
    close() {
      over = true;
      unwatch();
      turns?.close();
    },
  };
}

/** The type of a file is known once it is loaded, so a pending file may be a voice. */
function isVoice({ role, attachments }: VisitorMessage): boolean {
  return role === "user" && attachments.some(({ kind, state }) => kind === "audio" || state === "pending");
}
