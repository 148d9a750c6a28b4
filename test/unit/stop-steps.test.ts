import { expect, test } from "vitest";
import { createStopSteps } from "../../src/core/process/stop-steps.ts";
import { eventually } from "../support/eventually.ts";
import { quietLog } from "../support/quiet-log.ts";

test("a step that fails or never ends is reported, and does not delay the next steps", async () => {
  const log = quietLog();
  const { step, unfinished } = createStopSteps(50, log);
  const done: string[] = [];
  await step("turns under way", 0.5, () => new Promise(() => undefined));
  await step("files being loaded", 0.6, () => Promise.reject(new Error("no such file")));
  await step("connections to bots", 0.7, () => {
    throw new Error("not even begun");
  });
  await step("connections to the database", 1, async () => void done.push("database"));
  expect(done).toEqual(["database"]);
  expect(unfinished()).toEqual(["turns under way", "files being loaded", "connections to bots"]);
  expect(log.lines.map(({ level, message }) => [level, message])).toEqual([
    ["warn", "the stop goes on without waiting for turns under way"],
    ["error", "a step of the stop failed; the stop continues"],
    ["error", "a step of the stop failed; the stop continues"],
  ]);
});

test("quick steps are awaited, and the remaining time shrinks to zero", async () => {
  const { step, unfinished, leftUntil } = createStopSteps(1, quietLog());
  const quick = createStopSteps(60_000, quietLog());
  await quick.step("turns under way", 0.5, async () => undefined);
  expect(quick.unfinished()).toEqual([]);
  await step("turns under way", 1, () => new Promise(() => undefined));
  expect(unfinished()).toEqual(["turns under way"]);
  await eventually(() => expect(leftUntil(1)).toBe(0));
});
