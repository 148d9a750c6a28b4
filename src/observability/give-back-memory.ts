import { performance } from "node:perf_hooks";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

const LOOK_MS = 5_000;
/** The event loop's share of the time since the last look, up to which nothing much happens. */
const QUIET = 0.05;
/** So many quiet looks one after the other are quiet enough. */
const QUIET_LOOKS = 2;
/** Growth that is worth the pause, bytes: more than young objects alone may take up. */
const WORTH = 96 * 1024 * 1024;

/** How the process is doing; for tests. */
export interface MemoryGauge {
  /** The event loop's share of the time since it was asked last, 0 to 1. */
  busy(): number;
  heapBytes(): number;
  collect(): void;
}

/**
 * Gives memory back once a burst is over. V8 collects when memory is asked for, so a process that became quiet keeps what
 * its busiest moment took, most of it holes between what is left. Collecting with everything moved together stops the
 * process for some tenths of a second, hence only in quiet, and only where it has grown much since the last time. Does not
 * keep the process running.
 */
export function giveBackMemory(gauge: MemoryGauge = ownGauge()): void {
  let floor = 0;
  let quietLooks = 0;
  setInterval(() => {
    quietLooks = gauge.busy() < QUIET ? quietLooks + 1 : 0;
    if (quietLooks < QUIET_LOOKS || gauge.heapBytes() < floor + WORTH) return;
    gauge.collect();
    floor = gauge.heapBytes();
    quietLooks = 0;
  }, LOOK_MS).unref();
}

function ownGauge(): MemoryGauge {
  let before = performance.eventLoopUtilization();
  return {
    busy() {
      const now = performance.eventLoopUtilization();
      const { utilization } = performance.eventLoopUtilization(now, before);
      before = now;
      return utilization;
    },
    heapBytes: () => process.memoryUsage().heapTotal,
    collect: collectAndCompact,
  };
}

/** V8 moves the living together on its own only where memory is short: its flags are set for one collection alone. */
export function collectAndCompact(): void {
  setFlagsFromString("--expose-gc");
  setFlagsFromString("--compact-on-every-full-gc");
  try {
    // A context that is made now has `gc`; ours was made without.
    const collect: () => void = runInNewContext("gc");
    collect();
  } finally {
    setFlagsFromString("--no-compact-on-every-full-gc");
    setFlagsFromString("--no-expose-gc");
  }
}
