/** Interval at which followers check Postgres in case a notice was lost, milliseconds. */
const POLL_MS = 2_000;
/** Number of checks between two reports that a follower in this process still watches. */
const ASK_EVERY = 10;

export type StreamPoll = ReturnType<typeof createStreamPoll>;

/**
 * Wakes the followers of an execution in another process, so that they check for missed events. For an execution in
 * this process no event gets lost. All followers share one timer: thousands of them cost nothing while nothing happens.
 */
export function createStreamPoll(deps: {
  isHere(executionId: string): boolean;
  /** Asks the process that runs the execution for its stream. */
  ask(executionId: string): void;
}) {
  const followers = new Map<string, Set<() => void>>();
  let timer: NodeJS.Timeout | null = null;
  let polls = 0;

  function poll(): void {
    polls += 1;
    for (const [executionId, notifies] of followers) {
      if (deps.isHere(executionId)) continue;
      if (polls % ASK_EVERY === 0) deps.ask(executionId);
      for (const notify of notifies) notify();
    }
  }

  function stop(): void {
    if (timer !== null) clearInterval(timer);
    timer = null;
  }

  return {
    /** Returns the function that ends it. */
    join(executionId: string, notify: () => void): () => void {
      const notifies = followers.get(executionId) ?? new Set();
      followers.set(executionId, notifies.add(notify));
      timer ??= setInterval(poll, POLL_MS);
      return () => {
        notifies.delete(notify);
        if (notifies.size === 0 && followers.get(executionId) === notifies) followers.delete(executionId);
        if (followers.size === 0) stop();
      };
    },
    stop,
  };
}

/** Sends a question once if many woken followers ask it together. The same question a moment later is sent again. */
export function sharedInOneMoment<T>(ask: (id: string) => Promise<T>): (id: string) => Promise<T> {
  const asked = new Map<string, Promise<T>>();
  return (id) => {
    const known = asked.get(id);
    if (known) return known;
    const answer = ask(id);
    asked.set(id, answer);
    setImmediate(() => asked.delete(id));
    return answer;
  };
}
