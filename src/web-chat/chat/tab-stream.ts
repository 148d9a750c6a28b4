import type { ApiClient } from "./api-client.ts";
import { CallError } from "./call-error.ts";
import {
  type Connection,
  type ConnectionListener,
  connectEvents,
  type Position,
} from "./event-connection.ts";
import { exclusively } from "./exclusive.ts";
import type { StreamEvent } from "./wire.ts";

/** Messages between the tabs of one visitor. */
type TabNote =
  /** This tab begins to show a session (or none), and has its messages up to a seq. */
  | { type: "wants"; tab: string; position: Position | null }
  | { type: "leaves"; tab: string }
  /** A new leader does not know the sessions of the other tabs. */
  | { type: "leads" }
  | { type: "events"; events: readonly StreamEvent[] }
  | { type: "connection"; connection: Connection }
  | { type: "refused"; status: number; code: string };

export interface TabStream {
  /** From now on this tab wants the events of that session, after those it has seen. */
  follow(sessionId: string | null): void;
  stop(): void;
}

/** Maximum number of sessions that one stream follows. */
const MOST_FOLLOWED = 16;
/** Tabs that open within this time share one new stream, milliseconds. */
const GATHER_MS = 25;

/**
 * One event stream for all tabs of a visitor, because browsers allow six connections per origin. One tab leads and
 * passes the events on to the others. It holds a lock, which the browser gives to another tab when the leader closes.
 * Every connection begins after the known events and repeats unfinished answers from their start. Tabs drop what they
 * know, so nothing is missing.
 */
export function createTabStream(options: {
  api: Pick<ApiClient, "openEvents">;
  /** The same in all tabs of the visitor. */
  name: string;
  tab: string;
  /** The seq up to which this tab has the messages of its session. */
  seen: () => number;
  listener: ConnectionListener;
}): TabStream {
  const { api, name, tab, listener } = options;
  /** Without locks every tab leads for itself and ignores the others. */
  let others = channelOf(name);
  const over = new AbortController();
  const wanted = new Map<string, Position | null>();
  const behind = new Map<string, number>();
  let following: string | null = null;
  let connection: { restart(): void; stop(): void } | null = null;
  let state: Connection = "connecting";
  let gathering: ReturnType<typeof setTimeout> | undefined;
  let endLead = () => {};

  const own = (): Position | null =>
    following === null ? null : { sessionId: following, seq: options.seen() };
  const tell = (note: TabNote) => others?.postMessage(note);

  /**
   * A tab that begins to follow needs events that the others already have. So the stream starts again after the lowest
   * seq.
   */
  function want(from: string, position: Position | null): void {
    wanted.delete(from);
    wanted.set(from, position);
    if (position) {
      const known = behind.get(position.sessionId) ?? position.seq;
      behind.set(position.sessionId, Math.min(known, position.seq));
    }
    clearTimeout(gathering);
    gathering = setTimeout(() => {
      tell({ type: "connection", connection: state });
      connection?.restart();
    }, GATHER_MS);
  }

  function open(): Position[] {
    const sessions = new Set([...wanted.values()].flatMap((position) => position?.sessionId ?? []));
    return [...sessions]
      .slice(-MOST_FOLLOWED)
      .map((sessionId) => ({ sessionId, seq: behind.get(sessionId) ?? 0 }));
  }

  function connect(): void {
    connection = connectEvents({ api, tab, open, listener: toAll });
  }

  /** The leader's events go to every tab. */
  const toAll: ConnectionListener = {
    onEvents(events) {
      for (const { event, data } of events) {
        if (event === "message") behind.set(data.session_id, data.seq);
        if (event === "gone") drop(data.session_id);
      }
      tell({ type: "events", events });
      listener.onEvents(events);
    },
    onConnection(now) {
      state = now;
      tell({ type: "connection", connection: now });
      listener.onConnection(now);
    },
    onRefused(error) {
      if (error.sessionId === null) {
        tell({ type: "refused", status: error.status, code: error.code });
        return listener.onRefused(error);
      }
      // One of several sessions is gone. The others continue.
      toAll.onEvents([{ event: "gone", data: { session_id: error.sessionId } }]);
      connect();
    },
  };

  function drop(sessionId: string): void {
    for (const [from, position] of wanted) if (position?.sessionId === sessionId) wanted.set(from, null);
  }

  function lead(isLocked: boolean): Promise<void> {
    if (!isLocked) {
      others?.close();
      others = null;
    }
    want(tab, own());
    connect();
    tell({ type: "leads" });
    return new Promise((resolve) => {
      endLead = resolve;
    });
  }

  function onNote(note: TabNote): void {
    if (note.type === "events") listener.onEvents(note.events);
    else if (note.type === "connection") listener.onConnection(note.connection);
    else if (note.type === "leaves") wanted.delete(note.tab);
    else if (note.type === "leads") tell({ type: "wants", tab, position: own() });
    else if (note.type === "refused") listener.onRefused(new CallError(note.status, note.code, note.code));
    else if (connection) want(note.tab, note.position);
  }

  others?.addEventListener("message", ({ data }: MessageEvent<TabNote>) => onNote(data));
  const onHide = () => tell({ type: "leaves", tab });
  window.addEventListener("pagehide", onHide);
  // Rejects if this tab stops while another tab leads.
  if (others) exclusively(name, lead, over.signal).catch(() => undefined);
  else void lead(false);

  return {
    follow(sessionId) {
      following = sessionId;
      if (connection) want(tab, own());
      else tell({ type: "wants", tab, position: own() });
    },
    stop() {
      window.removeEventListener("pagehide", onHide);
      clearTimeout(gathering);
      onHide();
      others?.close();
      connection?.stop();
      over.abort();
      endLead();
    },
  };
}

/** Null if the browser blocks messages between tabs of this page. */
function channelOf(name: string): BroadcastChannel | null {
  try {
    return new BroadcastChannel(name);
  } catch {
    return null;
  }
}
