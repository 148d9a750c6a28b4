import { expect, test } from "vitest";
import { startReconciler } from "../../src/core/process/reconciler.ts";
import { eventually } from "../support/eventually.ts";
import { quietLog } from "../support/quiet-log.ts";

test("steps that wait for a platform do not delay other steps, and a failed step runs again", async () => {
  let answer: () => void = () => undefined;
  const platform = new Promise<void>((resolve) => {
    answer = resolve;
  });
  let looked = 0;
  const log = quietLog();
  const reconciler = startReconciler({
    groups: [
      [{ name: "waits", run: () => platform }],
      [
        {
          name: "looks",
          run: async () => {
            looked += 1;
            if (looked === 1) throw new Error("the database is away");
          },
        },
      ],
    ],
    intervalMs: 1,
    log,
  });
  await eventually(() => expect(looked).toBeGreaterThan(2));
  answer();
  await reconciler.stop();
});
