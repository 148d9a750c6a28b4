import type { ApiClient } from "./api-client.ts";
import { createBoxes } from "./boxes.ts";
import { CallError } from "./call-error.ts";
import { type ChatListener, type ChatState, initialState, type Notice, nothingOpen } from "./chat-state.ts";
import type { Connection } from "./event-connection.ts";
import { newClientId, type OutboxItem } from "./outbox.ts";
import { listed, unreadOf } from "./session-list.ts";
import { createTabStream, type TabStream } from "./tab-stream.ts";
import {
  newestAnswer,
  seenSeq,
  type Transcript,
  withMessages,
  withPage,
  withState,
  withTurn,
} from "./transcript.ts";
import type { Visitor } from "./visitor.ts";
import type { VisitorStore } from "./visitor-store.ts";
import type { StreamEvent, WireMessage, WireSession } from "./wire.ts";

export interface OpenChatDeps {
  api: ApiClient;
  visitor: Visitor;
  store: VisitorStore;
  /** The name of the visitor's stream in all tabs; the visitor's id is added. */
  scope: string;
  listener: ChatListener;
}

const PAGE = 50;
/** Stops asking a server that does not know the visitors that it created itself. */
const MOST_RENEWALS = 2;

/** The open chat of a visitor, and the server's events about it and the other chats. */
export function createOpenChat(deps: OpenChatDeps) {
  const { api, visitor, store, listener } = deps;
  const tab = newClientId();
  let stream: TabStream | null = null;
  const seen = new Map<string, number>();
  let state = initialState;
  /** Number of replaced visitors since the last successful send. */
  let renewals = 0;

  function change(next: Partial<ChatState>): void {
    state = { ...state, ...next };
    listener.onChange();
  }

  function amend(transcript: Transcript): void {
    change({ transcript });
  }

  function follow(sessionId: string | null): void {
    connect().follow(sessionId);
  }

  const boxes = createBoxes({
    api,
    onUnknown: (error) => onRefused(error),
    onChange: () => change({ outbox: boxes.of(state.sessionId).outbox.items() }),
    async onOpened(sessionId) {
      if (state.sessionId === null) await enter(sessionId, { isNew: true });
    },
    async onSent(sessionId, stored) {
      renewals = 0;
      if (state.sessionId !== sessionId) return;
      // The session had ended, so the message opened the next one.
      if (stored.session_id !== sessionId) await enter(stored.session_id);
      take([stored]);
    },
  });

  /** Shows a session: its newest messages, then its later events. */
  async function enter(sessionId: string, { isNew = false } = {}): Promise<void> {
    store.setSession(sessionId);
    const { outbox, place } = boxes.of(sessionId);
    change({ ...nothingOpen, sessionId, place, outbox: outbox.items(), loading: !isNew });
    listener.onSession(sessionId);
    if (!isNew) {
      // Meanwhile the connection shows if the server is reachable at all.
      follow(null);
      const page = await api.listMessages(sessionId, `limit=${PAGE}`);
      if (state.sessionId !== sessionId) return;
      change({ loading: false, transcript: withPage(state.transcript, page) });
    }
    follow(sessionId);
  }

  function connect(): TabStream {
    const id = visitor.known()?.visitor_id ?? "";
    stream ??= createTabStream({
      api,
      name: `causeway:${deps.scope}:${id}`,
      tab,
      seen: () => seenSeq(state.transcript),
      listener: { onEvents: (events) => events.forEach(onEvent), onConnection, onRefused },
    });
    return stream;
  }

  function onEvent({ event, data }: StreamEvent): void {
    if (event === "sessions") showSessions(data.data);
    else if (event === "session") showSessions([data, ...state.sessions.filter(({ id }) => id !== data.id)]);
    else if (data.session_id !== state.sessionId) return;
    else if (event === "message") take([data]);
    else if (event === "turn") amend(withTurn(state.transcript, data));
    else if (event === "gone") leave("gone");
    else {
      const isOver = data.status === "completed" && state.transcript.status === "active";
      amend(withState(state.transcript, data));
      if (isOver) listener.onEnded(data.session_id);
    }
  }

  function take(messages: readonly WireMessage[]): void {
    const known = new Set(state.transcript.messages.map(({ id }) => id));
    amend(withMessages(state.transcript, messages));
    for (const message of messages) {
      // The answer to a send may be lost although the message arrived.
      if (message.client_message_id !== null)
        boxes.of(message.session_id).outbox.remove(message.client_message_id);
      if (!known.has(message.id)) listener.onMessage(message);
    }
  }

  function showSessions(sessions: readonly WireSession[]): void {
    const list = listed(sessions, seen);
    change({ sessions: list, unread: unreadOf(list) });
  }

  function onConnection(connection: Connection): void {
    change({ connection });
    if (connection !== "live") return;
    boxes.hurry();
    if (state.notice === "notLoaded" && state.sessionId !== null) void open(state.sessionId);
  }

  function onRefused(error: CallError): void {
    if (error.status !== 401) {
      change({ connection: "offline" });
      return;
    }
    const wasIdentified = visitor.known()?.anonymous === false;
    const unsent = wasIdentified ? [] : boxes.unsent();
    clear();
    visitor.forget();
    listener.onForgotten();
    change({ notice: wasIdentified ? "signInAgain" : "gone" });
    if (wasIdentified) listener.onIdentityExpired();
    else if (renewals < MOST_RENEWALS) resend(unsent);
  }

  /** Sends the typed texts as the visitor that the next call creates. The former visitor's files are lost. */
  function resend(unsent: readonly OutboxItem[]): void {
    const words = unsent.filter(({ content }) => content !== "");
    if (words.length === 0) return;
    renewals += 1;
    change({ notice: null });
    for (const { content, payload } of words)
      boxes.of(null).outbox.add({ content, ...(payload === undefined ? {} : { payload }) });
  }

  /** An empty chat. Its session is opened with the first message. */
  function leave(notice: Notice | null = null): void {
    store.setSession(null);
    stream?.follow(null);
    const { outbox, place } = boxes.of(null);
    change({ ...nothingOpen, place, outbox: outbox.items(), notice });
    listener.onSession(null);
  }

  function disconnect(): void {
    stream?.stop();
    stream = null;
  }

  /** Removes all data of this visitor. */
  function clear(): void {
    disconnect();
    boxes.clear();
    seen.clear();
    const { place } = boxes.of(null);
    change({ ...nothingOpen, place, sessions: [], outbox: [], unread: 0, connection: "live" });
  }

  /** Runs a task that may fail, and shows a notice if it does. */
  async function attempt(task: () => Promise<void>, notice: Notice): Promise<boolean> {
    try {
      change({ notice: null });
      await task();
      return true;
    } catch (error) {
      if (error instanceof CallError && error.status === 401) onRefused(error);
      else if (error instanceof CallError && error.status === 404) leave("gone");
      else change({ notice, loading: false });
      return false;
    }
  }

  function open(sessionId: string): Promise<boolean> {
    return attempt(() => enter(sessionId), "notLoaded");
  }

  return {
    state: () => state,
    change,
    boxes,
    open,
    leave,
    follow,
    attempt,
    take,
    disconnect,
    clear,
    async loadEarlier(): Promise<void> {
      const { sessionId, transcript } = state;
      const first = transcript.messages[0];
      if (sessionId === null || !first) return;
      await attempt(async () => {
        const page = await api.listMessages(sessionId, `limit=${PAGE}&before_seq=${first.seq}`);
        if (state.sessionId !== sessionId) return;
        amend(withPage(state.transcript, page));
      }, "notLoaded");
    },
    /** The person has seen all messages of the open session. */
    see(): void {
      const { sessionId, transcript } = state;
      const seq = newestAnswer(transcript);
      if (sessionId === null || seq === 0 || seq <= (seen.get(sessionId) ?? 0)) return;
      const before = seen.get(sessionId);
      seen.set(sessionId, seq);
      showSessions(state.sessions);
      api.markRead(sessionId, seq).catch(() => {
        // It is marked again at the next check.
        if (seen.get(sessionId) === seq) seen.set(sessionId, before ?? 0);
      });
    },
  };
}
