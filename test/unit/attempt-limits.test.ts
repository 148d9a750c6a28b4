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

describe("the time limit for the start of an answer", () => {
  it("is shared by all attempts", () => {
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

  it("is as long as one attempt may take, if that is longer", () => {
    const patience = createAttemptLimits({ ...settings, timeoutMs: 300_000 }, () => 200_000);
    expect(patience.longestAttempt()).toBe(100_000);
  });

  it.each([
    [0, 0],
    [7_000, 7_000],
    [119_000, 119_000],
    [432_000, null],
    // Thirty days are too long for a timer.
    [30 * 86_400_000, null],
  ])("decides on a provider that asks to wait %i ms", (asked, pause) => {
    expect(createAttemptLimits(settings, () => 500).pause(1, asked)).toBe(pause);
  });

  it("is at most one attempt's limit when a provider asks to wait", () => {
    const patience = createAttemptLimits({ ...settings, timeoutMs: 5_000 }, () => 0);
    expect([patience.pause(1, 4_000), patience.pause(1, 6_000)]).toEqual([4_000, null]);
  });

  it("stops a doubling pause that exceeds it", () => {
    const patience = createAttemptLimits({ ...settings, backoffMs: 600_000 }, () => 0);
    expect([patience.pause(1, null), patience.pause(19, null)]).toEqual([null, null]);
  });
});
