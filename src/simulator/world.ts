import { type Clock, createClock } from "./wire/clock.ts";
import { createFaults, type Faults } from "./wire/faults.ts";
import { createWireLog, type WireLog } from "./wire/wire-log.ts";

/** Everything that the simulated platforms share. */
export interface World {
  clock: Clock;
  faults: Faults;
  log: WireLog;
  /** Called after every change that a page may show. */
  changed(): void;
  /** Calls the listener after changes, until the function it returns is called. */
  onChange(listener: () => void): () => void;
  /** The address to connect to for a URL of the bot. Signatures always cover the URL itself. */
  reach(url: string): string;
  /** Runs a task after milliseconds of the platforms' clock, unless the simulator ends before. */
  after(milliseconds: number, task: () => void): void;
  /**
   * The first number for ids. A later start has a higher one, because the bot remembers the ids of earlier starts.
   */
  firstId: number;
  /** Aborts when the simulator ends. */
  ended: AbortSignal;
  close(): void;
}

export interface WorldOptions {
  /** Values that the log must not show. */
  hidden?: readonly string[];
  reach?: (url: string) => string;
}

/** Seconds since 1970 at the beginning of 2024, so that ids stay short. */
const EPOCH = 1_704_067_200;

export function createWorld({ hidden = [], reach = (url) => url }: WorldOptions = {}): World {
  const listeners = new Set<() => void>();
  const clock = createClock();
  const ending = new AbortController();
  const changed = () => {
    for (const listener of [...listeners]) listener();
  };
  return {
    clock,
    faults: createFaults(changed),
    log: createWireLog(changed, hidden),
    changed,
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    reach,
    after(milliseconds, task) {
      if (!ending.signal.aborted) clock.after(milliseconds, task);
    },
    firstId: Math.floor(Date.now() / 1000) - EPOCH,
    ended: ending.signal,
    close() {
      ending.abort();
      clock.stop();
    },
  };
}
