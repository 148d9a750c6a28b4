import { createShortLivedMap } from "../../core/process/short-lived-map.ts";
import { createTurnLog, type LogEntry, type TurnEvent, type TurnLog } from "../../core/session/turn-log.ts";
import { isJsonObject, type Json, type JsonObject } from "../../core/text/json.ts";
import { storableObject } from "../../core/text/text.ts";
import { monotonicMs } from "../../core/time/monotonic.ts";
import { endOf, takeNotice, trim } from "./follow-events.ts";
import { createRetryFilter } from "./retry-filter.ts";
import { createStreamPoll, sharedInOneMoment } from "./stream-poll.ts";

/** Notices between processes. They are best effort, because Postgres has the authoritative state. */
export interface Notices {
  publish(topic: string, data: JsonObject, options: { remote: boolean }): void;
  subscribe(topic: string, listener: (data: Json) => void): () => void;
}

/** The stored state of an execution: its stream, after it has ended. */
export type StoredStream = { ended: false } | { ended: true; log: LogEntry[] };

export interface TurnStreams {
  /** Starts the stream of a turn in this process. `attempts`: the number of earlier attempts by other processes. */
  open(executionId: string, attempts: number): TurnStream;
  /**
   * Reports that an execution ended without its own stream (one answer covered several messages). Its followers check
   * again.
   */
  ended(executionId: string): void;
  /**
   * All events of a turn's stream after `afterId` up to its terminal event, from whichever process runs it. It replays
   * stored events, then follows new ones. Leaving (`signal`) does not stop the turn.
   */
  follow(executionId: string, afterId: number, signal: AbortSignal): AsyncGenerator<TurnEvent>;
}

export interface TurnStream {
  log: TurnLog;
  append(type: TurnEvent["type"], data: JsonObject): void;
  close(): void;
}

const WATCH_TOPIC = "turn-watch";

/** Time for which a watcher in another process is remembered, milliseconds. */
const WATCH_MS = 60_000;

const topicOf = (executionId: string): string => `turn.${executionId}`;

export function createTurnStreams(deps: {
  notices: Notices;
  stored(executionId: string): Promise<StoredStream | null>;
}): TurnStreams & { stop(): void } {
  const { notices, stored } = deps;
  const running = createShortLivedMap<string, TurnLog>();
  const watchedUntil = new Map<string, number>();

  // A follower in another process asks for the stream. It gets the events that it missed, and from now on every new
  // event.
  const unsubscribe = notices.subscribe(WATCH_TOPIC, (data) => {
    const id = isJsonObject(data) ? data.execution_id : null;
    if (typeof id !== "string") return;
    const now = monotonicMs();
    for (const [key, until] of watchedUntil) if (until < now) watchedUntil.delete(key);
    watchedUntil.set(id, now + WATCH_MS);
    const log = running.get(id);
    if (log) notices.publish(topicOf(id), snapshot(log), { remote: true });
  });

  function open(executionId: string, attempts: number): TurnStream {
    const log = createTurnLog(attempts);
    running.set(executionId, log);
    return {
      log,
      append(type, data) {
        // Followers must read what the database will hold. Pieces of text may end within a pair of surrogates.
        const kept = type === "content" || type === "thinking" ? data : storableObject(data);
        const event = log.append(type, kept);
        const remote = (watchedUntil.get(executionId) ?? 0) > monotonicMs();
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

  const polls = createStreamPoll({ isHere: (id) => running.has(id), ask });
  const look = sharedInOneMoment(stored);

  async function* follow(
    executionId: string,
    afterId: number,
    signal: AbortSignal,
  ): AsyncGenerator<TurnEvent> {
    const inbox: TurnEvent[] = [];
    let wake = resolvers();
    const notify = () => wake.resolve();
    const leave = notices.subscribe(topicOf(executionId), (data) => {
      if (!isJsonObject(data)) return;
      takeNotice(data, inbox);
      notify();
    });
    const local = running.get(executionId);
    if (local) inbox.push(...local.since(afterId));
    else ask(executionId);
    const leavePoll = polls.join(executionId, notify);
    signal.addEventListener("abort", notify, { once: true });
    const tell = createRetryFilter(afterId);
    let position = afterId;
    let checkStore = !local;
    try {
      while (!signal.aborted) {
        let gap = false;
        for (const event of inbox.splice(0)) {
          const next = trim(event, position);
          if (next === "gap") gap = true;
          if (next === "gap" || next === "seen") continue;
          position = next.id;
          const news = tell(next);
          if (news) yield news;
          if (next.type === "done" || next.type === "error") return;
        }
        if (gap) ask(executionId);
        if (checkStore || gap) {
          const state = await look(executionId);
          if (state === null) return;
          if (state.ended) return yield* endOf(state.log, position, tell);
        }
        if (inbox.length > 0) continue;
        await wake.promise;
        wake = resolvers();
        checkStore = !running.has(executionId);
      }
    } finally {
      leavePoll();
      signal.removeEventListener("abort", notify);
      leave();
    }
  }

  return {
    open,
    ended,
    follow,
    stop() {
      unsubscribe();
      polls.stop();
    },
  };
}

function snapshot(log: TurnLog): JsonObject {
  return { entries: log.entries() as unknown as JsonObject[] };
}

function resolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve: () => void = () => {};
  const promise = new Promise<void>((r) => {
    resolve = r;
  });
  return { promise, resolve };
}
