import { isJsonObject, type Json, type JsonObject } from "../core/json.ts";
import { createPassingMap } from "../core/passing-map.ts";
import {
  createTurnLog,
  type LogEntry,
  replay,
  startOfTry,
  type TurnEvent,
  type TurnLog,
  tryOf,
} from "../core/turn-log.ts";
import { createRechecks, sharedInOneMoment } from "./stream-rechecks.ts";
import { createTelling } from "./telling.ts";

/** The process-to-process notices this needs; best effort, Postgres has the truth. */
export interface Notices {
  publish(topic: string, data: JsonObject, options: { remote: boolean }): void;
  subscribe(topic: string, listener: (data: Json) => void): () => void;
}

/** How an execution stands in Postgres: its kept stream once it is over. */
export type StoredStream = { ended: false } | { ended: true; log: LogEntry[] };

export interface TurnStreams {
  /** Starts the stream of a turn that runs in this process. `tries`: how often others began it before. */
  open(executionId: string, tries: number): TurnStream;
  /** An execution ended without a stream of its own (answered along with another): its followers look again. */
  ended(executionId: string): void;
  /**
   * Everything of a turn's stream after `afterId`, whichever process runs it, up to its terminal event. Replays, then
   * follows; leaving (`signal`) does not stop the turn.
   */
  follow(executionId: string, afterId: number, signal: AbortSignal): AsyncGenerator<TurnEvent>;
}

export interface TurnStream {
  log: TurnLog;
  append(type: TurnEvent["type"], data: JsonObject): void;
  close(): void;
}

const WATCH_TOPIC = "turn-watch";
/** How long a remote watcher is remembered, milliseconds. */
const WATCH_MS = 60_000;

const topicOf = (executionId: string): string => `turn.${executionId}`;

export function createTurnStreams(deps: {
  notices: Notices;
  stored(executionId: string): Promise<StoredStream | null>;
}): TurnStreams & { stop(): void } {
  const { notices, stored } = deps;
  const running = createPassingMap<string, TurnLog>();
  const watchedUntil = new Map<string, number>();

  // A follower elsewhere asks for the stream: from now on every event is sent there too, after what it missed.
  const unsubscribe = notices.subscribe(WATCH_TOPIC, (data) => {
    const id = isJsonObject(data) ? data.execution_id : null;
    if (typeof id !== "string") return;
    const now = Date.now();
    for (const [key, until] of watchedUntil) if (until < now) watchedUntil.delete(key);
    watchedUntil.set(id, now + WATCH_MS);
    const log = running.get(id);
    if (log) notices.publish(topicOf(id), snapshot(log), { remote: true });
  });

  function open(executionId: string, tries: number): TurnStream {
    const log = createTurnLog(tries);
    running.set(executionId, log);
    return {
      log,
      append(type, data) {
        const event = log.append(type, data);
        const remote = (watchedUntil.get(executionId) ?? 0) > Date.now();
        notices.publish(topicOf(executionId), { event: event as unknown as JsonObject }, { remote });
      },
      close() {
        running.delete(executionId);
        ended(executionId);
      },
    };
  }

  function ended(executionId: string): void {
    notices.publish(topicOf(executionId), { closed: true }, { remote: watchedUntil.delete(executionId) });
  }

  function ask(executionId: string): void {
    notices.publish(WATCH_TOPIC, { execution_id: executionId }, { remote: true });
  }

  const rechecks = createRechecks({ isHere: (id) => running.has(id), ask });
  const look = sharedInOneMoment(stored);

  async function* follow(
    executionId: string,
    afterId: number,
    signal: AbortSignal,
  ): AsyncGenerator<TurnEvent> {
    const inbox: TurnEvent[] = [];
    let wake = resolvers();
    const ring = () => wake.resolve();
    const leave = notices.subscribe(topicOf(executionId), (data) => {
      if (!isJsonObject(data)) return;
      if (data.event) inbox.push(data.event as unknown as TurnEvent);
      if (Array.isArray(data.entries)) inbox.push(...replay(data.entries as unknown as LogEntry[], 0));
      ring();
    });
    const local = running.get(executionId);
    if (local) inbox.push(...local.since(afterId));
    if (!local) ask(executionId);
    const leaveRecheck = rechecks.join(executionId, ring);
    signal.addEventListener("abort", ring, { once: true });
    const tell = createTelling(afterId);
    let position = afterId;
    let checkStore = !local;
    try {
      while (!signal.aborted) {
        let gap = false;
        for (const event of inbox.splice(0)) {
          const next = trim(event, position);
          if (next === "seen") continue;
          if (next === "gap") {
            gap = true;
            continue;
          }
          position = next.id;
          const news = tell(next);
          if (news) yield news;
          if (next.type === "done" || next.type === "error") return;
        }
        if (gap) ask(executionId);
        if (checkStore || gap) {
          const state = await look(executionId);
          if (state === null) return;
          if (state.ended) {
            for (const event of replay(state.log, position)) {
              const news = tell(event);
              if (news) yield news;
            }
            return;
          }
        }
        if (inbox.length > 0) continue;
        await wake.promise;
        wake = resolvers();
        checkStore = !running.has(executionId);
      }
    } finally {
      leaveRecheck();
      signal.removeEventListener("abort", ring);
      leave();
    }
  }

  return {
    open,
    ended,
    follow,
    stop() {
      unsubscribe();
      rechecks.stop();
    },
  };
}

function snapshot(log: TurnLog): JsonObject {
  return { entries: log.entries() as unknown as JsonObject[] };
}

/** What of an event is new behind `position`: all, the rest of its text, nothing, or unknown because one is missing. */
function trim(event: TurnEvent, position: number): TurnEvent | "seen" | "gap" {
  if (event.id <= position) return "seen";
  const text = event.type === "content" || event.type === "thinking" ? event.data.content : null;
  const start = event.id - (typeof text === "string" ? text.length : 1);
  // A further try begins far behind what was seen of the one before.
  if (start > position && start !== startOfTry(tryOf(event.id))) return "gap";
  if (typeof text !== "string" || start >= position) return event;
  return { ...event, data: { content: text.slice(position - start) } };
}

function resolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve: () => void = () => {};
  const promise = new Promise<void>((r) => {
    resolve = r;
  });
  return { promise, resolve };
}
