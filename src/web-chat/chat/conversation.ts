import type { ApiClient } from "./api-client.ts";
import { CallError } from "./call-error.ts";
import type { Connection } from "./event-connection.ts";
import { createOutbox, newClientId, type Outbox, type OutboxItem, type Saying } from "./outbox.ts";
import { listed, unreadOf } from "./session-list.ts";
import { createTabStream, type TabStream } from "./tab-stream.ts";
import {
  emptyTranscript,
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
import type { StreamEvent, WireChannel, WireMessage, WireResetOffer, WireSession } from "./wire.ts";

/** Something the person has to be told. */
export type Notice = "gone" | "notLoaded" | "signInAgain" | "notDone";

/** Everything a chat shows. */
export interface ChatState {
  channel: WireChannel | null;
  sessionId: string | null;
  /** Names what is being written; it stays when the first message opens the session. */
  place: string;
  /** Last used first. */
  sessions: readonly WireSession[];
  transcript: Transcript;
  outbox: readonly OutboxItem[];
  connection: Connection;
  loading: boolean;
  notice: Notice | null;
  /** Messages of the bot that nobody has seen, in all sessions. */
  unread: number;
}

/** What the surroundings of a chat may want to know. */
export interface ChatListener {
  onChange(): void;
  /** A message is stored that was not known before. */
  onMessage(message: WireMessage): void;
  onSession(sessionId: string | null): void;
  onEnded(sessionId: string): void;
  onIdentityExpired(): void;
}

export type Conversation = ReturnType<typeof createConversation>;

const PAGE = 50;

/** What is on its way to one session, or to the one that the first message will open. */
interface Box {
  place: string;
  sessionId: string | null;
  outbox: Outbox;
  opening: Promise<string> | null;
}

/** One visitor's chats on one channel: what is open, what is on its way, and how it changes. */
export function createConversation(deps: {
  api: ApiClient;
  visitor: Visitor;
  store: VisitorStore;
  /** Names the visitor's stream in all tabs; the visitor's id is added. */
  scope: string;
  listener: ChatListener;
}) {
  const { api, visitor, store, listener } = deps;
  const tab = newClientId();
  let stream: TabStream | null = null;
  let boxes: Box[] = [];
  const seen = new Map<string, number>();
  const nothingOpen = {
    sessionId: null,
    transcript: emptyTranscript,
    loading: false,
    notice: null,
  } as const;
  let state: ChatState = {
    ...nothingOpen,
    channel: null,
    sessions: [],
    outbox: [],
    connection: "connecting",
    unread: 0,
    place: "",
  };

  function change(next: Partial<ChatState>): void {
    state = { ...state, ...next };
    listener.onChange();
  }
  const amend = (transcript: Transcript) => change({ transcript });

  function boxOf(sessionId: string | null): Box {
    const known = boxes.find((box) => box.sessionId === sessionId);
    if (known) return known;
    const box: Box = {
      place: newClientId(),
      sessionId,
      opening: null,
      outbox: createOutbox({ send: (item) => send(box, item), onChange: showOutbox }),
    };
    boxes.push(box);
    return box;
  }
  const showOutbox = () => change({ outbox: boxOf(state.sessionId).outbox.items() });

  async function send(box: Box, item: OutboxItem): Promise<void> {
    const sessionId = await sessionOf(box);
    const { content, clientId, payload, attachments = [] } = item;
    const stored = await api.sendMessage(sessionId, {
      content,
      client_message_id: clientId,
      ...(payload === undefined ? {} : { payload }),
      ...(attachments.length === 0 ? {} : { attachment_ids: attachments.map(({ id }) => id) }),
    });
    if (state.sessionId !== sessionId) return;
    // The session had ended: what was written opened the next one.
    if (stored.session_id !== sessionId) await enter(stored.session_id);
    take([stored]);
  }

  /** The session of a box, opened where there is none yet; once, however many ask. */
  async function sessionOf(box: Box): Promise<string> {
    if (box.sessionId !== null) return box.sessionId;
    box.opening ??= api
      .openSession()
      .then(async ({ id }) => {
        box.sessionId = id;
        if (state.sessionId === null) await enter(id, { isNew: true });
        return id;
      })
      .finally(() => {
        box.opening = null;
      });
    return box.opening;
  }

  /** Shows a session: its newest messages, then whatever happens behind them. */
  async function enter(sessionId: string, { isNew = false } = {}): Promise<void> {
    store.setSession(sessionId);
    const { outbox, place } = boxOf(sessionId);
    change({ ...nothingOpen, sessionId, place, outbox: outbox.items(), loading: !isNew });
    listener.onSession(sessionId);
    if (!isNew) {
      // Meanwhile the connection tells whether the server is there at all.
      connect().follow(null);
      const page = await api.listMessages(sessionId, `limit=${PAGE}`);
      if (state.sessionId !== sessionId) return;
      change({ loading: false, transcript: withPage(state.transcript, page) });
    }
    connect().follow(sessionId);
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
      // The answer to a send may have been lost although the message arrived.
      if (message.client_message_id !== null)
        boxOf(message.session_id).outbox.remove(message.client_message_id);
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
    for (const { outbox } of boxes) outbox.hurry();
    if (state.notice === "notLoaded" && state.sessionId !== null) void open(state.sessionId);
  }

  function onRefused(error: CallError): void {
    if (error.status !== 401) {
      change({ connection: "offline" });
      return;
    }
    const wasIdentified = visitor.known()?.anonymous === false;
    reset();
    visitor.forget();
    change({ notice: wasIdentified ? "signInAgain" : "gone" });
    if (wasIdentified) listener.onIdentityExpired();
  }

  /** An empty chat; its session is opened with the first message. */
  function leave(notice: Notice | null = null): void {
    store.setSession(null);
    stream?.follow(null);
    const { outbox, place } = boxOf(null);
    change({ ...nothingOpen, place, outbox: outbox.items(), notice });
    listener.onSession(null);
  }

  /** Nothing of this visitor stays. */
  function reset(): void {
    stream?.stop();
    stream = null;
    boxes = [];
    seen.clear();
    const { place } = boxOf(null);
    change({ ...nothingOpen, place, sessions: [], outbox: [], unread: 0, connection: "live" });
  }

  /** Runs what may fail; says so where it does. */
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

  const open = (sessionId: string) => attempt(() => enter(sessionId), "notLoaded");

  async function resume(): Promise<void> {
    change({ place: boxOf(null).place });
    const sessionId = store.session();
    if (visitor.known() === null) change({ connection: "live" });
    else if (sessionId === null) connect().follow(null);
    else if (sessionId === state.sessionId) connect().follow(sessionId);
    else await open(sessionId);
  }

  return {
    state: () => state,
    async start() {
      api.channel().then(
        (channel) => change({ channel }),
        () => undefined,
      );
      await resume();
    },
    send(saying: Saying) {
      change({ notice: null });
      boxOf(state.sessionId).outbox.add(saying);
    },
    retry: () => boxOf(state.sessionId).outbox.retry(),
    discard: (clientId: string) => boxOf(state.sessionId).outbox.remove(clientId),
    open,
    startNew: () => leave(),
    /** The session that files are uploaded to, opened where there is none yet. */
    currentSession: () => sessionOf(boxOf(state.sessionId)),
    async loadEarlier() {
      const { sessionId, transcript } = state;
      const first = transcript.messages[0];
      if (sessionId === null || !first) return;
      await attempt(async () => {
        const page = await api.listMessages(sessionId, `limit=${PAGE}&before_seq=${first.seq}`);
        if (state.sessionId !== sessionId) return;
        amend(withPage(state.transcript, page));
      }, "notLoaded");
    },
    /** The person has everything of the open session before their eyes. */
    see() {
      const { sessionId, transcript } = state;
      const seq = newestAnswer(transcript);
      if (sessionId === null || seq === 0 || seq <= (seen.get(sessionId) ?? 0)) return;
      const before = seen.get(sessionId);
      seen.set(sessionId, seq);
      showSessions(state.sessions);
      api.markRead(sessionId, seq).catch(() => {
        // Marked again with the next look.
        if (seen.get(sessionId) === seq) seen.set(sessionId, before ?? 0);
      });
    },
    async stop() {
      const { sessionId } = state;
      if (sessionId !== null) await attempt(async () => void (await api.stop(sessionId)), "notDone");
    },
    /** What starting over asks for; null where that cannot be told, which the notice says. */
    async resetOffer(): Promise<WireResetOffer | null> {
      const { sessionId } = state;
      let offer: WireResetOffer | null = null;
      if (sessionId !== null) {
        await attempt(async () => {
          offer = await api.resetOffer(sessionId);
        }, "notDone");
      }
      return offer;
    },
    async reset(choice: { triggerEvents: boolean; prompt: string | null }) {
      const { sessionId } = state;
      if (sessionId === null) return;
      const { triggerEvents, prompt } = choice;
      const body = { trigger_events: triggerEvents, ...(prompt === null ? {} : { prompt }) };
      const next = await api.reset(sessionId, body);
      await open(next.id);
    },
    async end(choice: { triggerEvents: boolean }) {
      const { sessionId } = state;
      if (sessionId !== null) await api.end(sessionId, { trigger_events: choice.triggerEvents });
    },
    /** The host site says who this is: nothing of whoever was here before stays on the screen. */
    async identify(identityToken: string) {
      const before = visitor.known()?.visitor_id;
      const known = await visitor.identify(identityToken);
      if (known.visitor_id === before) return;
      reset();
      store.setSession(null);
      await resume();
    },
    /** Another tab has changed who the visitor is. */
    async visitorChanged() {
      reset();
      await resume();
    },
    logout() {
      reset();
      visitor.forget();
      listener.onSession(null);
    },
    hasUnsent: () => boxes.some(({ outbox }) => outbox.items().length > 0),
    destroy() {
      stream?.stop();
      stream = null;
    },
  };
}
