import { setImmediate as turn } from "node:timers/promises";
import { expect, test, vi } from "vitest";
import { collectAndCompact, giveBackMemory, ownGauge } from "../../src/observability/give-back-memory.ts";

const MIB = 1024 * 1024;

test("memory is released when the process is idle, and only if there is much to release", () => {
  vi.useFakeTimers();
  try {
    let busy = 0.5;
    let heap = 400 * MIB;
    let collected = 0;
    giveBackMemory({
      busy: () => busy,
      heapBytes: () => heap,
      collect() {
        collected += 1;
        heap = 120 * MIB;
      },
    });
    vi.advanceTimersByTime(60_000);
    expect(collected).toBe(0);
    busy = 0.01;
    vi.advanceTimersByTime(5_000);
    expect(collected).toBe(0);
    vi.advanceTimersByTime(60_000);
    expect(collected).toBe(1);
    heap = 200 * MIB;
    vi.advanceTimersByTime(60_000);
    expect(collected).toBe(1);
    heap = 220 * MIB;
    vi.advanceTimersByTime(10_000);
    expect(collected).toBe(2);
  } finally {
    vi.useRealTimers();
  }
});

test("a collection frees unreferenced objects, and leaves no gc function behind", async () => {
  const seen = (() => new WeakRef({ large: new Array(1000).fill({}) }))();
  await turn();
  expect(seen.deref()).toBeDefined();
  await turn();
  collectAndCompact();
  expect(seen.deref()).toBeUndefined();
  expect("gc" in globalThis).toBe(false);
});

test("the size of the heap is read without opening a file", async () => {
  const memoryUsage = vi.spyOn(process, "memoryUsage");
  try {
    expect(ownGauge().heapBytes()).toBeGreaterThan(MIB);
    expect(memoryUsage).not.toHaveBeenCalled();
  } finally {
    memoryUsage.mockRestore();
  }
});
