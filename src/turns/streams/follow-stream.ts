import type { TurnEvent, TurnLog } from "../../core/session/turn-log.ts";
import { isJsonObject } from "../../core/text/json.ts";
import { endOf, takeNotice, trim } from "./follow-events.ts";
import { createRetryFilter } from "./retry-filter.ts";
import { type Notices, type StoredStream, topicOf } from "./stream-notices.ts";
import type { StreamPoll } from "./stream-poll.ts";

/** Dependencies for following a stream. */
export interface FollowDeps {
  notices: Notices;
  /** The log of a turn that runs in this process. */
  local(executionId: string): TurnLog | undefined;
  /** Asks the process that runs the turn for the events so far. */
  ask(executionId: string): void;
  polls: StreamPoll;
  stored(executionId: string): Promise<StoredStream | null>;
}

/** See `TurnStreams.follow`. */
export async function* followStream(
  { notices, local, ask, polls, stored }: FollowDeps,
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
  const here = local(executionId);
  if (here) inbox.push(...here.since(afterId));
  else ask(executionId);
  const leavePoll = polls.join(executionId, notify);
  signal.addEventListener("abort", notify, { once: true });
  const tell = createRetryFilter(afterId);
  let position = afterId;
  let checkStore = !here;
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
        const state = await stored(executionId);
        if (state === null) return;
        if (state.ended) return yield* endOf(state.log, position, tell);
      }
      if (inbox.length > 0) continue;
      await wake.promise;
      wake = resolvers();
      checkStore = !local(executionId);
    }
  } finally {
    leavePoll();
    signal.removeEventListener("abort", notify);
    leave();
  }
}

function resolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve: () => void = () => {};
  const promise = new Promise<void>((r) => {
    resolve = r;
  });
  return { promise, resolve };
}
