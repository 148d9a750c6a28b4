import { wait } from "../../core/time/wait.ts";
import type { TypingTurn } from "../channel.ts";
import type { SlackFault } from "./errors.ts";
import type { StatusCalls, StatusOutcome } from "./status-calls.ts";

export interface StatusDeps {
  calls: StatusCalls;
  /** True while the conversation shows the unfinished answer. */
  isShowing(address: string): boolean;
  /** Tracks calls that nobody waits for. */
  track(task: Promise<unknown>): void;
  /** Aborts when the channel stops. */
  stopped: AbortSignal;
}

/** A thread with a status, or with calls about it. */
interface Thread {
  /** Calls of one thread run one after another, so that a later one wins. */
  last: Promise<unknown>;
  calls: number;
  /** The turn that shows the status of a session. Slack removes that status for nobody but the app. */
  turn: AbortSignal | null;
  /** The turn has ended, so a status that arrives now must be removed. */
  ended: boolean;
}

/** A session stays busy for an hour if this call fails, so it is repeated. */
const MOST_REMOVALS = 4;
const REMOVAL_PAUSE_MS = 5_000;
/** Maximum number of threads that are remembered as free of a status. */
const MOST_FREE = 1_000;

/**
 * The status of a thread while an answer is written. Slack removes the status of a thread when the app posts
 * there. So it is removed here only if nothing is posted, or if it arrives after the post. The status of a
 * session ends with its turn, whichever process posts the answer.
 */
export function createStatus({ calls, isShowing, track, stopped }: StatusDeps) {
  const threads = new Map<string, Thread>();
  /** Threads whose session is not busy, as far as this process knows. */
  const free = new Set<string>();

  function enter(address: string): Thread {
    const thread = threads.get(address) ?? { last: Promise.resolve(), calls: 0, turn: null, ended: false };
    threads.set(address, thread);
    return thread;
  }

  function inOrder<T>(address: string, thread: Thread, call: () => Promise<T>): Promise<T> {
    thread.calls += 1;
    const result = thread.last.then(call).finally(() => {
      thread.calls -= 1;
      if (thread.calls === 0 && thread.turn === null) threads.delete(address);
    });
    thread.last = result.catch(() => undefined);
    return result;
  }

  async function show(address: string, signal: AbortSignal, turn?: TypingTurn): Promise<void> {
    if (signal.aborted || isShowing(address)) return;
    const thread = enter(address);
    if (thread.turn === signal) return;
    thread.ended = false;
    free.delete(address);
    const { way } = await inOrder(address, thread, async (): Promise<StatusOutcome> => {
      const outcome = await calls.show(address, turn);
      if (outcome.way === "session") thread.turn = signal;
      // A later turn shows its own status.
      const isLate = thread.calls === 1 && (thread.ended || isShowing(address));
      if (outcome.way === "thread" && isLate) await calls.remove(address);
      return outcome;
    });
    if (way !== "session") return;
    const onEnd = () => track(endSession(address, thread, signal));
    if (signal.aborted) onEnd();
    else signal.addEventListener("abort", onEnd, { once: true });
  }

  /** Ends the status of a turn, unless a later turn shows it by then. */
  async function endSession(address: string, thread: Thread, turn: AbortSignal): Promise<void> {
    for (let attempt = 1; thread.turn === turn; attempt += 1) {
      const fault = await inOrder(address, thread, async () =>
        thread.turn === turn ? (await calls.remove(address)).fault : null,
      );
      const pauseMs = attempt < MOST_REMOVALS && fault !== null ? pauseAfter(fault) : null;
      if (pauseMs !== null && !stopped.aborted) await wait(pauseMs, stopped);
      else if (thread.turn === turn) {
        thread.turn = null;
        if (thread.calls === 0) threads.delete(address);
        if (fault === null) noteFree(address);
      }
    }
  }

  function noteFree(address: string): void {
    free.add(address);
    const oldest = free.size > MOST_FREE ? free.values().next().value : undefined;
    if (oldest !== undefined) free.delete(oldest);
  }

  return {
    show,

    /** The app posted in the conversation. A status that arrives later must be removed. */
    posted(address: string): void {
      const thread = threads.get(address);
      if (thread !== undefined) thread.ended = true;
    },

    /** Nothing is written in the conversation any more, and nothing was posted. */
    async clear(address: string): Promise<void> {
      const thread = threads.get(address);
      if (thread !== undefined) thread.ended = true;
      else if (!free.has(address)) await inOrder(address, enter(address), () => calls.remove(address));
    },
  };
}

/** Null: another call would be refused too. */
function pauseAfter(fault: SlackFault): number | null {
  if (fault.kind === "refused") return null;
  return fault.kind === "rate_limited" ? fault.retryAfterMs : REMOVAL_PAUSE_MS;
}
