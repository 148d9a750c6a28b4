/** The platforms' clock. It runs like the real one, and can be moved forward. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Whole seconds since 1970. */
  seconds(): number;
  forward(seconds: number): void;
  /** Seconds that it is ahead of the real clock. */
  ahead(): number;
  reset(): void;
}

export function createClock(real: () => number = Date.now): Clock {
  let aheadMs = 0;
  const now = () => real() + aheadMs;
  return {
    now,
    seconds: () => Math.floor(now() / 1000),
    forward(seconds) {
      aheadMs += seconds * 1000;
    },
    ahead: () => aheadMs / 1000,
    reset() {
      aheadMs = 0;
    },
  };
}
