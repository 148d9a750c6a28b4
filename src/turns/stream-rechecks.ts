/** How often followers look into Postgres in case a notice was lost, milliseconds. */
const RECHECK_MS = 2_000;
/** How many of those looks lie between two times of saying that somebody here still watches. */
const ASK_EVERY = 10;

/**
 * Wakes whoever follows an execution that runs elsewhere, so that they look whether they missed something; of one that
 * runs here nothing gets lost. One timer for all: thousands of followers cost nothing while nothing happens.
 */
export function createRechecks(deps: {
  isHere(executionId: string): boolean;
  /** Asks the process that runs it, whichever that is, for its stream. */
  ask(executionId: string): void;
}) {
  const followers = new Map<string, Set<() => void>>();
  let timer: NodeJS.Timeout | null = null;
  let looks = 0;

  function recheck(): void {
    looks += 1;
    for (const [executionId, rings] of followers) {
      if (deps.isHere(executionId)) continue;
      if (looks % ASK_EVERY === 0) deps.ask(executionId);
      for (const ring of rings) ring();
    }
  }

  function stop(): void {
    if (timer !== null) clearInterval(timer);
    timer = null;
  }

  return {
    /** Returns what ends it. */
    join(executionId: string, ring: () => void): () => void {
      const rings = followers.get(executionId) ?? new Set();
      followers.set(executionId, rings.add(ring));
      timer ??= setInterval(recheck, RECHECK_MS);
      return () => {
        rings.delete(ring);
        if (rings.size === 0 && followers.get(executionId) === rings) followers.delete(executionId);
        if (followers.size === 0) stop();
      };
    },
    stop,
  };
}

/** The same question, asked by many who were woken together, goes out once; one of a moment later goes out again. */
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
