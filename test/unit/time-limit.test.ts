import { setImmediate } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { timeLimit } from "../../src/core/time-limit.ts";
import { eventually } from "../support/eventually.ts";

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");

test("a limit within a combined signal holds, although nothing else refers to it and memory is tidied up", async () => {
  const never = new AbortController();
  const reasons: unknown[] = [];
  for (let count = 0; count < 20; count += 1) {
    const signal = AbortSignal.any([never.signal, timeLimit(50)]);
    signal.addEventListener("abort", () => reasons.push(signal.reason));
  }
  // Out of the turn of the event loop that made them, in which nothing is collected.
  await setImmediate();
  collectGarbage();
  await eventually(() => expect(reasons).toHaveLength(20));
  expect(reasons[0]).toMatchObject({ name: "TimeoutError" });
});
