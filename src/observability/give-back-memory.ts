import { performance } from "node:perf_hooks";
import { getHeapStatistics, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

const POLL_MS = 5_000;
/** Limit of a quiet process: the event loop was busy for at most this share since the last check. */
const QUIET = 0.05;
/** Number of quiet checks in a row before a collection. */
const QUIET_LOOKS = 2;
/** Heap growth in bytes that is worth the pause. It is more than young objects alone may use. */
const WORTH = 96 * 1024 * 1024;

/** Measurements of the process, and its collector. Tests replace it. */
export interface MemoryGauge {
  /** Busy share of the event loop since the last call, 0 to 1. */
  busy(): number;
  heapBytes(): number;
  collect(): void;
}

/**
 * Returns memory to the system after a burst. V8 collects only when it needs memory. So a quiet process keeps the
 * memory of its peak, which is mostly gaps between live objects.
 * A compacting collection stops the process for some tenths of a second. So it runs only in quiet times, and only if
 * the heap has grown much since the last one. The timer does not keep the process running.
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
  }, POLL_MS).unref();
}

export function ownGauge(): MemoryGauge {
  let before = performance.eventLoopUtilization();
  return {
    busy() {
      const now = performance.eventLoopUtilization();
      const { utilization } = performance.eventLoopUtilization(now, before);
      before = now;
      return utilization;
    },
    // `process.memoryUsage` opens a file. With no descriptor left it throws, and a throw in a timer ends the process.
    heapBytes: () => getHeapStatistics().total_heap_size,
    collect: collectAndCompact,
  };
}

/**
 * Collects and compacts the heap. V8 compacts by default only when memory is short, so this sets its flags for one
 * collection.
 */
export function collectAndCompact(): void {
  setFlagsFromString("--expose-gc");
  setFlagsFromString("--compact-on-every-full-gc");
  try {
    // The flag gives `gc` only to new contexts; ours is older.
    const collect: () => void = runInNewContext("gc");
    collect();
  } finally {
    setFlagsFromString("--no-compact-on-every-full-gc");
    setFlagsFromString("--no-expose-gc");
  }
}
