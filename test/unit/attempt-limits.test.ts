import { describe, expect, it } from "vitest";
import { createAttemptLimits } from "../../src/turns/answering/attempt-limits.ts";

const settings = {
  policy: "queue" as const,
  windowMs: 0,
  timeoutMs: 120_000,
  patienceMs: 120_000,
  attempts: 20,
  backoffMs: 1000,
  apology: "Sorry.",
  cutShort: "…",
};

describe("how long a user waits for an answer to begin", () => {
  it("is shared by all tries", () => {
    let passed = 0;
    const patience = createAttemptLimits({ ...settings, timeoutMs: 60_000 }, () => passed);
    expect(patience.longestAttempt()).toBe(120_000);
    passed = 61_000;
    expect(patience.longestAttempt()).toBe(59_000);
    expect(patience.pause(1, null)).toBe(1000);
    passed = 119_500;
    expect(patience.pause(2, null)).toBeNull();
    // A last attempt that began in time keeps a useful time limit.
    expect(patience.longestAttempt()).toBe(10_000);
  });

  it("is as long as one try may take, where that is longer", () => {
    const patience = createAttemptLimits({ ...settings, timeoutMs: 300_000 }, () => 200_000);
    expect(patience.longestAttempt()).toBe(100_000);
  });

  it.each([
    [0, 0],
    [7_000, 7_000],
    [119_000, 119_000],
    [432_000, null],
    // Days ahead: a timer cannot hold that.
    [30 * 86_400_000, null],
  ])("decides on a provider that asks to wait %i ms", (asked, pause) => {
    expect(createAttemptLimits(settings, () => 500).pause(1, asked)).toBe(pause);
  });

  it("is no longer than a try for a provider that asks to wait", () => {
    const patience = createAttemptLimits({ ...settings, timeoutMs: 5_000 }, () => 0);
    expect([patience.pause(1, 4_000), patience.pause(1, 6_000)]).toEqual([4_000, null]);
  });

  it("ends a doubling pause that has grown beyond it", () => {
    const patience = createAttemptLimits({ ...settings, backoffMs: 600_000 }, () => 0);
    expect([patience.pause(1, null), patience.pause(19, null)]).toEqual([null, null]);
  });
});
