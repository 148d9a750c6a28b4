import { expect, test } from "vitest";
import { createStop } from "../../src/core/process/stop.ts";

test("a stop reaches a signal that was asked for before, with its reason", () => {
  const stop = createStop();
  const { signal } = stop;
  expect(signal.aborted).toBe(false);
  expect(stop.why).toBeNull();

  stop.abort("enough");
  expect(signal.reason).toBe("enough");
  expect(stop.signal).toBe(signal);
  expect(stop.why).toEqual({ reason: "enough" });
});

test("a signal asked for after the stop is aborted already, with its reason", () => {
  const stop = createStop();
  stop.abort("enough");
  expect(stop.signal.aborted).toBe(true);
  expect(stop.signal.reason).toBe("enough");
  expect(stop.signal).toBe(stop.signal);
});

test("only the first stop counts, and tells whoever listens then", () => {
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
