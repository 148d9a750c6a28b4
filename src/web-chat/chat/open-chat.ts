import type { ApiClient } from "./api-client.ts";
import { type Boxes, createBoxes } from "./boxes.ts";
import { CallError } from "./call-error.ts";
import { type ChatListener, type Notice, nothingOpen } from "./chat-state.ts";
import type { Connection } from "./event-connection.ts";
import { newClientId } from "./outbox.ts";
import { createReadMarks } from "./read-marks.ts";
import { createServerEvents } from "./server-events.ts";
import { createShownState } from "./shown-state.ts";
import { createTabStream, type TabStream } from "./tab-stream.ts";
import { seenSeq, withPage } from "./transcript.ts";
import { createUnknownVisitor } from "./unknown-visitor.ts";
import type { Visitor } from "./visitor.ts";
import type { VisitorStore } from "./visitor-store.ts";
import type { WireMessage, WirePage } from "./wire.ts";

export interface OpenChatDeps {
  api: ApiClient;
  visitor: Visitor;
  store: VisitorStore;
  /** The name of the visitor's stream in all tabs; the visitor's id is added. */
  scope: string;
  listener: ChatListener;
}

const PAGE = 50;

/** The open chat of a visitor, and the server's events about it and the other chats. */
export function createOpenChat(deps: OpenChatDeps) {
  const { api, visitor, store, listener } = deps;
  const tab = newClientId();
  let stream: TabStream | null = null;
  const shown = createShownState(() => listener.onChange());
  const marks = createReadMarks({ api, shown });
  const boxes: Boxes = createBoxes({
    api,
    onUnknown: (error) => refusals.onRefused(error),
    onChange: () => shown.change({ outbox: boxes.of(shown.now().sessionId).outbox.items() }),
    async onOpened(sessionId) {
      if (shown.now().sessionId === null) await enter(sessionId, { isNew: true });
    },
    onSent,
  });
  const refusals = createUnknownVisitor({ shown, boxes, visitor, listener, clear });
  const events = createServerEvents({ shown, boxes, marks, listener, leave });

  async function onSent(sessionId: string, stored: WireMessage): Promise<void> {
    refusals.onSent();
    if (shown.now().sessionId !== sessionId) return;
    // The session had ended, so the message opened the next one.
    if (stored.session_id !== sessionId) await enter(stored.session_id);
    events.take([stored]);
  }

  /** Shows a session: its newest messages, then its later events. */
  async function enter(sessionId: string, { isNew = false } = {}): Promise<void> {
    store.setSession(sessionId);
    const { outbox, place } = boxes.of(sessionId);
    shown.change({ ...nothingOpen, sessionId, place, outbox: outbox.items(), loading: !isNew });
    listener.onSession(sessionId);
    if (!isNew) {
      // Meanwhile the connection shows if the server is reachable at all.
      follow(null);
      const page = await load(sessionId, "");
      if (page === null) return;
      shown.change({ loading: false, transcript: withPage(shown.now().transcript, page) });
    }
    follow(sessionId);
  }

  /** A page of messages; null if another session was opened meanwhile. */
  async function load(sessionId: string, before: string): Promise<WirePage | null> {
    const page = await api.listMessages(sessionId, `limit=${PAGE}${before}`);
    return shown.now().sessionId === sessionId ? page : null;
  }

  async function loadEarlier(): Promise<void> {
    const { sessionId, transcript } = shown.now();
    const first = transcript.messages[0];
    if (sessionId === null || !first) return;
    await attempt(async () => {
      const page = await load(sessionId, `&before_seq=${first.seq}`);
      if (page) shown.change({ transcript: withPage(shown.now().transcript, page) });
    }, "notLoaded");
  }

  function follow(sessionId: string | null): void {
    const id = visitor.known()?.visitor_id ?? "";
    stream ??= createTabStream({
      api,
      name: `causeway:${deps.scope}:${id}`,
      tab,
      seen: () => seenSeq(shown.now().transcript),
      listener: {
        onEvents: (all) => all.forEach(events.onEvent),
        onConnection,
        onRefused: refusals.onRefused,
      },
    });
    stream.follow(sessionId);
  }

  function onConnection(connection: Connection): void {
    shown.change({ connection });
    if (connection !== "live") return;
    boxes.hurry();
    const { notice, sessionId } = shown.now();
    if (notice === "notLoaded" && sessionId !== null) void open(sessionId);
  }

  /** An empty chat. Its session is opened with the first message. */
  function leave(notice: Notice | null = null): void {
    store.setSession(null);
    stream?.follow(null);
    const { outbox, place } = boxes.of(null);
    shown.change({ ...nothingOpen, place, outbox: outbox.items(), notice });
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
    marks.clear();
    const { place } = boxes.of(null);
    shown.change({ ...nothingOpen, place, sessions: [], outbox: [], unread: 0, connection: "live" });
  }

  /** Runs a task that may fail, and shows a notice if it does. */
  async function attempt(task: () => Promise<void>, notice: Notice): Promise<boolean> {
    try {
      shown.change({ notice: null });
      await task();
      return true;
    } catch (error) {
      if (error instanceof CallError && error.status === 401) refusals.onRefused(error);
      else if (error instanceof CallError && error.status === 404) leave("gone");
      else shown.change({ notice, loading: false });
      return false;
    }
  }

  function open(sessionId: string): Promise<boolean> {
    return attempt(() => enter(sessionId), "notLoaded");
  }

  return {
    state: shown.now,
    change: shown.change,
    boxes,
    open,
    leave,
    follow,
    attempt,
    take: events.take,
    disconnect,
    clear,
    loadEarlier,
    see: marks.see,
  };
}
