import type { ApiClient } from "./api-client.ts";
import { CallError } from "./call-error.ts";
import {
  type Connection,
  type ConnectionListener,
  connectEvents,
  type Position,
} from "./event-connection.ts";
import type { StreamEvent } from "./wire.ts";

/** What tabs of one visitor tell each other. */
type TabNote =
  /** This tab begins to show a session (or none) and has it up to a seq. */
  | { type: "wants"; tab: string; position: Position | null }
  | { type: "leaves"; tab: string }
  /** A new leader does not know who wants what. */
  | { type: "leads" }
  | { type: "events"; events: readonly StreamEvent[] }
  | { type: "connection"; connection: Connection }
  | { type: "refused"; status: number; code: string };

export interface TabStream {
  /** From now on this tab wants what happens in that session, beginning behind what it has seen. */
  follow(sessionId: string | null): void;
  stop(): void;
}

/** The most sessions one stream follows. */
const MOST_FOLLOWED = 16;
/** Tabs that come together begin one stream together, milliseconds. */
const GATHER_MS = 25;

/**
 * One event stream for all tabs of a visitor: browsers give an origin six connections. One tab leads, by a lock that
 * the browser passes on when its tab is gone, and hands to the others what it receives. Every connection begins behind
 * what is known and tells answers under way from their start, so tabs drop what they have; nothing is ever missing.
 */
export function createTabStream(options: {
  api: Pick<ApiClient, "openEvents">;
  /** The same in all tabs of the visitor. */
  name: string;
  tab: string;
  /** Seq up to which this tab has what it follows. */
  seen: () => number;
  listener: ConnectionListener;
}): TabStream {
  const { api, name, tab, listener } = options;
  // Plain http has no locks: there every tab leads itself, and nobody listens to anybody.
  const locks: LockManager | undefined = navigator.locks;
  const others = locks ? new BroadcastChannel(name) : null;
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

  /** A tab that begins to follow needs what the others have had already: the stream begins anew, behind the lowest. */
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

  /** What the leader receives goes to every tab. */
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
      // One session of several is gone: the others go on.
      toAll.onEvents([{ event: "gone", data: { session_id: error.sessionId } }]);
      connect();
    },
  };

  function drop(sessionId: string): void {
    for (const [from, position] of wanted) if (position?.sessionId === sessionId) wanted.set(from, null);
  }

  function lead(): Promise<void> {
    want(tab, own());
    connect();
    tell({ type: "leads" });
    return new Promise((resolve) => {
      endLead = resolve;
    });
  }

  others?.addEventListener("message", ({ data: note }: MessageEvent<TabNote>) => {
    switch (note.type) {
      case "wants":
        return connection ? want(note.tab, note.position) : undefined;
      case "leaves":
        return void wanted.delete(note.tab);
      case "leads":
        return tell({ type: "wants", tab, position: own() });
      case "events":
        return listener.onEvents(note.events);
      case "connection":
        return listener.onConnection(note.connection);
      case "refused":
        return listener.onRefused(new CallError(note.status, note.code, note.code));
    }
  });
  const onHide = () => tell({ type: "leaves", tab });
  window.addEventListener("pagehide", onHide);
  // Rejected when stopped while another tab leads.
  if (locks) locks.request(name, { signal: over.signal }, lead).catch(() => undefined);
  else void lead();

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
