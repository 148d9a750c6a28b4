import type { ApiClient } from "./api-client.ts";
import { CallError } from "./call-error.ts";
import type { ReceivedEvent } from "./event-reader.ts";
import { createOutbox, type Outbox, type OutboxItem } from "./outbox.ts";
import { type Connection, followSession } from "./session-stream.ts";
import {
  emptyTranscript,
  seenSeq,
  type Transcript,
  withMessages,
  withState,
  withTurn,
} from "./transcript.ts";
import type { VisitorStore } from "./visitor-store.ts";
import type { WireMessage, WireSession } from "./wire.ts";

/** Everything the page shows. */
export interface ChatState {
  sessionId: string | null;
  sessions: readonly WireSession[];
  transcript: Transcript;
  outbox: readonly OutboxItem[];
  connection: Connection;
  loading: boolean;
  /** Something the person has to be told; null: nothing. */
  notice: string | null;
}

export interface Conversation {
  state(): ChatState;
  start(): Promise<void>;
  send(content: string): void;
  retry(): void;
  discard(clientId: string): void;
  open(sessionId: string): Promise<void>;
  /** An empty chat; its session is opened with the first message. */
  startNew(): void;
  loadEarlier(): Promise<void>;
}

const PAGE = 50;

/** What is on its way to one session, or to the one that the first message will open. */
interface Box {
  sessionId: string | null;
  outbox: Outbox;
}

/** One visitor's chats on one channel: what is open, what is on its way, and how it changes. */
export function createConversation(deps: {
  api: ApiClient;
  store: VisitorStore;
  onChange(): void;
  /** An answer that arrived while the person was here, for those who hear it rather than see it. */
  onAnswer(message: WireMessage): void;
}): Conversation {
  const { api, store } = deps;
  const tab = Math.random().toString(36).slice(2);
  let stream: { stop(): void } | null = null;
  const boxes: Box[] = [];
  let state: ChatState = {
    sessionId: null,
    sessions: [],
    transcript: emptyTranscript,
    outbox: [],
    connection: "connecting",
    loading: false,
    notice: null,
  };

  function change(next: Partial<ChatState>): void {
    state = { ...state, ...next };
    deps.onChange();
  }
  const amend = (transcript: Transcript) => change({ transcript });

  function boxOf(sessionId: string | null): Box {
    const known = boxes.find((box) => box.sessionId === sessionId);
    if (known) return known;
    const box: Box = {
      sessionId,
      outbox: createOutbox({ send: (item) => send(box, item), onChange: showOutbox }),
    };
    boxes.push(box);
    return box;
  }
  const showOutbox = () => change({ outbox: boxOf(state.sessionId).outbox.items() });

  async function send(box: Box, item: OutboxItem): Promise<void> {
    const sessionId = box.sessionId ?? (await openNew(box));
    const message = { content: item.content, client_message_id: item.clientId };
    const stored = await api.sendMessage(sessionId, message);
    if (state.sessionId !== sessionId) return;
    // The session had ended: what was written opened the next one.
    if (stored.session_id !== sessionId) await enter(stored.session_id);
    amend(withMessages(state.transcript, [stored]));
    if (state.transcript.messages.length === 1) void refreshSessions();
  }

  async function openNew(box: Box): Promise<string> {
    const { id } = await api.openSession();
    box.sessionId = id;
    if (state.sessionId === null) await enter(id);
    return id;
  }

  /** Shows a session: its newest messages, then whatever happens. */
  async function enter(sessionId: string): Promise<void> {
    stream?.stop();
    stream = null;
    store.session.set(sessionId);
    const outbox = boxOf(sessionId).outbox.items();
    const transcript = emptyTranscript;
    change({ sessionId, transcript, outbox, connection: "connecting", loading: true, notice: null });
    const page = await api.listMessages(sessionId, `limit=${PAGE}`).finally(() => change({ loading: false }));
    if (state.sessionId !== sessionId) return;
    amend({ ...withMessages(state.transcript, page.data), hasEarlier: page.meta.has_more });
    stream = followSession({
      api,
      sessionId,
      tab,
      seen: () => seenSeq(state.transcript),
      listener: {
        onEvent,
        onConnection(connection) {
          const isBack = connection === "live" && state.connection !== "live";
          if (connection !== state.connection) change({ connection });
          if (isBack) boxOf(sessionId).outbox.retry();
        },
        onGone,
      },
    });
  }

  function onEvent({ event, data }: ReceivedEvent): void {
    const value = JSON.parse(data);
    if (event === "turn") amend(withTurn(state.transcript, value));
    if (event === "state") {
      const before = state.transcript;
      amend(withState(before, value));
      if (before.title !== state.transcript.title || before.status !== state.transcript.status)
        void refreshSessions();
    }
    if (event !== "message") return;
    const message: WireMessage = value;
    const isNew = message.seq > seenSeq(state.transcript);
    amend(withMessages(state.transcript, [message]));
    // The answer to a send may have been lost although the message arrived.
    if (message.client_message_id !== null)
      boxOf(message.session_id).outbox.remove(message.client_message_id);
    if (isNew && message.role === "assistant") deps.onAnswer(message);
  }

  function onGone(error: CallError): void {
    if (error.status === 401) api.forget();
    leave();
    change({ notice: "This chat is no longer available. You can start a new one.", sessions: [] });
    if (error.status !== 401) void refreshSessions();
  }

  function leave(): void {
    stream?.stop();
    stream = null;
    store.session.set(null);
    const outbox = boxOf(null).outbox.items();
    const transcript = emptyTranscript;
    change({ sessionId: null, transcript, outbox, connection: "live", loading: false, notice: null });
  }

  async function refreshSessions(): Promise<void> {
    if (!api.isKnown()) return;
    try {
      change({ sessions: await api.listSessions() });
    } catch {
      // The list is a convenience; the chat itself says when there is no connection.
    }
  }

  async function open(sessionId: string): Promise<void> {
    if (sessionId === state.sessionId) return;
    try {
      await enter(sessionId);
    } catch (error) {
      if (error instanceof CallError && !error.passing) return onGone(error);
      change({
        connection: "offline",
        notice: "The chat could not be loaded. Check your connection and try again.",
      });
    }
  }

  return {
    state: () => state,
    async start() {
      const sessionId = store.session.get();
      if (sessionId === null || !api.isKnown()) change({ connection: "live" });
      else await open(sessionId);
      await refreshSessions();
    },
    send(content) {
      change({ notice: null });
      boxOf(state.sessionId).outbox.add(content);
    },
    retry: () => boxOf(state.sessionId).outbox.retry(),
    discard: (clientId) => boxOf(state.sessionId).outbox.remove(clientId),
    open,
    startNew() {
      leave();
    },
    async loadEarlier() {
      const { sessionId, transcript } = state;
      const first = transcript.messages[0];
      if (sessionId === null || !first) return;
      const page = await api.listMessages(sessionId, `limit=${PAGE}&before_seq=${first.seq}`);
      if (state.sessionId !== sessionId) return;
      amend({ ...withMessages(state.transcript, page.data), hasEarlier: page.meta.has_more });
    },
  };
}
