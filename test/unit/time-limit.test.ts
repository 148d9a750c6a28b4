import { getEventListeners } from "node:events";
import { setImmediate } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { timeLimit, withinTime } from "../../src/core/time/time-limit.ts";
import { eventually } from "../support/eventually.ts";

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");

test("a time limit in a combined signal still works after a garbage collection", async () => {
  const never = new AbortController();
  const reasons: unknown[] = [];
  for (let count = 0; count < 20; count += 1) {
    const signal = AbortSignal.any([never.signal, timeLimit(50)]);
    signal.addEventListener("abort", () => reasons.push(signal.reason));
  }
  // Leaves the event loop turn that created the signals, because nothing is collected during that turn.
  await setImmediate();
  collectGarbage();
  await eventually(() => expect(reasons).toHaveLength(20));
  expect(reasons[0]).toMatchObject({ name: "TimeoutError" });
});

test("a task with a time limit is told when the time is over or its caller has left", async () => {
  const untilAborted = (signal: AbortSignal) =>
    new Promise((resolve) => signal.addEventListener("abort", () => resolve(signal.reason)));
  const never = new AbortController();
  expect(await withinTime(10, never.signal, untilAborted)).toMatchObject({ name: "TimeoutError" });

  const going = new AbortController();
  const told = withinTime(60_000, going.signal, untilAborted);
  going.abort("gone");
  expect(await told).toBe("gone");
  expect(await withinTime(60_000, going.signal, async (signal) => signal.reason)).toBe("gone");
});

test("a time limit leaves nothing behind after its task, however the task ends", async () => {
  const outer = new AbortController();
  const signals: AbortSignal[] = [];
  const task = async (signal: AbortSignal) => void signals.push(signal);
  await withinTime(60_000, outer.signal, task);
  await withinTime(60_000, outer.signal, async (signal) => {
    await task(signal);
    throw new Error("failed");
  }).catch(() => undefined);
  expect(getEventListeners(outer.signal, "abort")).toEqual([]);
  outer.abort();
  expect(signals.map(({ aborted }) => aborted)).toEqual([false, false]);
});
