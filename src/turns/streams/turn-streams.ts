import { createShortLivedMap } from "../../core/process/short-lived-map.ts";
import { createTurnLog, type TurnEvent, type TurnLog } from "../../core/session/turn-log.ts";
import { isJsonObject, type JsonObject } from "../../core/text/json.ts";
import { storableObject } from "../../core/text/text.ts";
import { monotonicMs } from "../../core/time/monotonic.ts";
import { type FollowDeps, followStream } from "./follow-stream.ts";
import { type Notices, type StoredStream, topicOf } from "./stream-notices.ts";
import { createStreamPoll, sharedInOneMoment } from "./stream-poll.ts";

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
  const following: FollowDeps = { notices, local: (id) => running.get(id), ask, polls, stored: look };

  return {
    open,
    ended,
    follow: (executionId, afterId, signal) => followStream(following, executionId, afterId, signal),
    stop() {
      unsubscribe();
      polls.stop();
    },
  };
}

function snapshot(log: TurnLog): JsonObject {
  return { entries: log.entries() as unknown as JsonObject[] };
}
