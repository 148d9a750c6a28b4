import { expect, test } from "vitest";
import { createStop } from "../../src/core/process/stop.ts";

test("a stop reaches an existing signal, with its reason", () => {
  const stop = createStop();
  const { signal } = stop;
  expect(signal.aborted).toBe(false);
  expect(stop.why).toBeNull();

  stop.abort("enough");
  expect(signal.reason).toBe("enough");
  expect(stop.signal).toBe(signal);
  expect(stop.why).toEqual({ reason: "enough" });
});

test("a signal created after the stop is already aborted, with its reason", () => {
  const stop = createStop();
  stop.abort("enough");
  expect(stop.signal.aborted).toBe(true);
  expect(stop.signal.reason).toBe("enough");
  expect(stop.signal).toBe(stop.signal);
});

test("only the first stop counts, and notifies the current listeners", () => {
  const stop = createStop();
  const told: unknown[] = [];
  const leave = stop.onAbort(() => told.push("left"));
  stop.onAbort((reason) => told.push(reason));
  leave();

  stop.abort("first");
  stop.abort("second");
  expect(told).toEqual(["first"]);
  expect(stop.signal.reason).toBe("first");
});
