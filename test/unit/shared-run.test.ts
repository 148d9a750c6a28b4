import { expect, test } from "vitest";
import { shareRuns } from "../../src/core/process/shared-run.ts";

/** A run that the test ends. */
function gatedRun() {
  const gates: { end(): void; fail(): void }[] = [];
  const run = () =>
    new Promise<void>((resolve, reject) => {
      gates.push({ end: resolve, fail: () => reject(new Error("away")) });
    });
  return { gates, ask: shareRuns(run, 3) };
}

test("callers that arrive during a run share the next one, up to a maximum number", async () => {
  const { gates, ask } = gatedRun();
  const first = ask();
  const later = [ask(), ask(), ask()];
  expect(gates).toHaveLength(1);
  // One more caller gets its own run.
  const own = ask();
  expect(gates).toHaveLength(2);
  gates[1]?.end();
  await own;
  gates[0]?.end();
  await first;
  await expect.poll(() => gates.length).toBe(3);
  const afterwards = ask();
  gates[2]?.end();
  await Promise.all(later);
  await expect.poll(() => gates.length).toBe(4);
  gates[3]?.end();
  await afterwards;
  expect(gates).toHaveLength(4);
});

test("a failed run fails only for the callers that share it", async () => {
  const { gates, ask } = gatedRun();
  const first = ask();
  const second = ask();
  gates[0]?.fail();
  await expect(first).rejects.toThrow("away");
  await expect.poll(() => gates.length).toBe(2);
  gates[1]?.end();
  await second;
  const third = ask();
  gates[2]?.end();
  await third;
});
