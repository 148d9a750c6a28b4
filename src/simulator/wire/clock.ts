/** The platforms' clock. It runs like the real one, and can be moved forward. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Whole seconds since 1970. */
  seconds(): number;
  /** Tasks that become due by the move run at once, in the order of their times. */
  forward(seconds: number): void;
  /** Seconds that it is ahead of the real clock. */
  ahead(): number;
  /** Back to the real clock. Waiting tasks keep their real time. */
  reset(): void;
  /** Runs a task when the clock is so many milliseconds further. */
  after(milliseconds: number, task: () => void): void;
  /** Forgets the waiting tasks. */
  stop(): void;
}

interface Waiting {
  dueAt: number;
  task(): void;
  timer: NodeJS.Timeout | undefined;
}

export function createClock(real: () => number = Date.now): Clock {
  let aheadMs = 0;
  const waiting = new Set<Waiting>();
  const now = () => real() + aheadMs;

  function wait(each: Waiting): void {
    clearTimeout(each.timer);
    each.timer = setTimeout(
      () => {
        waiting.delete(each);
        each.task();
      },
      Math.max(0, each.dueAt - now()),
    );
  }

  return {
    now,
    seconds: () => Math.floor(now() / 1000),
    forward(seconds) {
      aheadMs += seconds * 1000;
      for (const each of [...waiting].sort((a, b) => a.dueAt - b.dueAt)) wait(each);
    },
    ahead: () => aheadMs / 1000,
    reset() {
      aheadMs = 0;
    },
    after(milliseconds, task) {
      const each: Waiting = { dueAt: now() + milliseconds, task, timer: undefined };
      waiting.add(each);
      wait(each);
    },
    stop() {
      for (const { timer } of waiting) clearTimeout(timer);
      waiting.clear();
    },
  };
}
