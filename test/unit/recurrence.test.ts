import { describe, expect, it } from "vitest";
import { quietUntil } from "../../src/core/schedule/quiet-hours.ts";
import { cronProblem, nextRun, type Recurrence } from "../../src/core/schedule/recurrence.ts";

const at = (text: string) => new Date(text);
const berlin = { timezone: "Europe/Berlin", endsAt: null };

function runs(recurrence: Recurrence, after: string, count: number): string[] {
  const found: string[] = [];
  let from = at(after);
  while (found.length < count) {
    const next = nextRun(recurrence, from);
    if (next === null) break;
    found.push(next.toISOString());
    from = next;
  }
  return found;
}

describe("a schedule", () => {
  it("of every day keeps its local time when clocks change", () => {
    const daily: Recurrence = {
      ...berlin,
      kind: "interval",
      everyMs: 86_400_000,
      startsAt: at("2026-03-27T08:00:00Z"),
    };
    expect(runs(daily, "2026-03-27T00:00:00Z", 4)).toEqual([
      "2026-03-27T08:00:00.000Z",
      "2026-03-28T08:00:00.000Z",
      "2026-03-29T07:00:00.000Z",
      "2026-03-30T07:00:00.000Z",
    ]);
    expect(runs(daily, "2026-10-24T12:00:00Z", 1)).toEqual(["2026-10-25T08:00:00.000Z"]);
  });

  it("runs at a skipped local time, and once at a repeated one", () => {
    const skipped: Recurrence = {
      ...berlin,
      kind: "interval",
      everyMs: 86_400_000,
      startsAt: at("2026-03-28T01:30:00Z"),
    };
    expect(runs(skipped, "2026-03-28T02:00:00Z", 2)).toEqual([
      "2026-03-29T01:30:00.000Z",
      "2026-03-30T00:30:00.000Z",
    ]);
    const twice: Recurrence = {
      ...berlin,
      kind: "interval",
      everyMs: 86_400_000,
      startsAt: at("2026-10-24T00:30:00Z"),
    };
    expect(runs(twice, "2026-10-24T01:00:00Z", 2)).toEqual([
      "2026-10-25T00:30:00.000Z",
      "2026-10-26T01:30:00.000Z",
    ]);
  });

  it.each([
    ["30 2 * * *", "Europe/Berlin", "2027-03-27T12:00:00Z", ["2027-03-28T01:30Z", "2027-03-29T00:30Z"]],
    ["15 2 * * *", "Australia/Lord_Howe", "2026-10-03T12:00:00Z", ["2026-10-03T15:45Z", "2026-10-04T15:15Z"]],
    ["30 2 * * *", "Europe/Berlin", "2027-10-30T12:00:00Z", ["2027-10-31T00:30Z", "2027-11-01T01:30Z"]],
    [
      "0 * * * *",
      "Europe/Berlin",
      "2027-10-30T23:30:00Z",
      ["2027-10-31T00:00Z", "2027-10-31T01:00Z", "2027-10-31T02:00Z"],
    ],
    ["0 */2 * * *", "Europe/Berlin", "2027-03-27T23:30:00Z", ["2027-03-28T02:00Z", "2027-03-28T04:00Z"]],
    ["0 0 9 * * 1", "Europe/Berlin", "2027-03-27T12:00:00Z", ["2027-03-29T07:00Z"]],
  ])("by cron %s in %s handles the days on which clocks change", (cron, timezone, from, expected) => {
    const recurrence: Recurrence = { kind: "cron", cron, timezone, startsAt: new Date(0), endsAt: null };
    const found: string[] = [];
    let after = new Date(from);
    for (const _ of expected) {
      const next = nextRun(recurrence, after);
      if (next === null) break;
      found.push(`${next.toISOString().slice(0, 16)}Z`);
      after = next;
    }
    expect(found).toEqual(expected);
  });

  it("by cron follows the zone's local time", () => {
    const weekdays: Recurrence = {
      ...berlin,
      kind: "cron",
      cron: "0 9 * * 1-5",
      startsAt: at("2026-03-26T00:00:00Z"),
    };
    expect(runs(weekdays, "2026-03-26T00:00:00Z", 3)).toEqual([
      "2026-03-26T08:00:00.000Z",
      "2026-03-27T08:00:00.000Z",
      "2026-03-30T07:00:00.000Z",
    ]);
  });

  it("of hours counts real hours, and ends at its end", () => {
    const hourly: Recurrence = {
      timezone: "UTC",
      kind: "interval",
      everyMs: 3_600_000,
      startsAt: at("2026-01-01T00:00:00Z"),
      endsAt: at("2026-01-01T02:00:00Z"),
    };
    expect(runs(hourly, "2026-01-01T00:30:00Z", 5)).toEqual([
      "2026-01-01T01:00:00.000Z",
      "2026-01-01T02:00:00.000Z",
    ]);
  });

  it("for one time runs once", () => {
    const once: Recurrence = { ...berlin, kind: "at", startsAt: at("2026-01-01T12:00:00Z") };
    expect(runs(once, "2026-01-01T00:00:00Z", 5)).toEqual(["2026-01-01T12:00:00.000Z"]);
  });

  it("reports the error in a pattern", () => {
    expect(cronProblem("0 9 * * *", "UTC")).toBe(null);
    expect(cronProblem("every day", "UTC")).toMatch(/./);
    expect(cronProblem("0 0 30 2 *", "UTC")).toMatch(/./);
  });
});

describe("quiet hours", () => {
  const nights = { from: 22 * 60, to: 7 * 60, timezone: "Europe/Berlin" };

  it("span midnight in their zone, and say when they end", () => {
    expect(quietUntil(nights, at("2026-07-01T19:59:00Z"))).toBe(null);
    expect(quietUntil(nights, at("2026-07-01T20:00:00Z"))).toEqual(at("2026-07-02T05:00:00Z"));
    expect(quietUntil(nights, at("2026-07-02T04:59:00Z"))).toEqual(at("2026-07-02T05:00:00Z"));
    expect(quietUntil(nights, at("2026-07-02T05:00:00Z"))).toBe(null);
  });

  it("end by local time in the night that clocks change", () => {
    expect(quietUntil(nights, at("2026-03-28T22:00:00Z"))).toEqual(at("2026-03-29T05:00:00Z"));
  });

  it("within one day have their plain meaning, and are empty if start and end are equal", () => {
    expect(quietUntil({ from: 60, to: 120, timezone: "UTC" }, at("2026-01-01T01:30:00Z"))).toEqual(
      at("2026-01-01T02:00:00Z"),
    );
    expect(quietUntil({ from: 60, to: 60, timezone: "UTC" }, at("2026-01-01T01:00:00Z"))).toBe(null);
  });
});
