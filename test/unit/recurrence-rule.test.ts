import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { planSchedule } from "../../src/core/schedule/plan-schedule.ts";
import { nextRun, type Recurrence } from "../../src/core/schedule/recurrence.ts";
import { normalRule, ruleProblem } from "../../src/core/schedule/recurrence-rule.ts";
import { fromWallClock, toWallClock } from "../../src/core/time/wall-clock.ts";

const NEW_YORK = "America/New_York";
const shownAt = (text: string, timezone: string) => fromWallClock(Date.parse(`${text}Z`), timezone);

/** The first runs of a rule, in local time. Its start is in local time too. */
function shown(rrule: string, start: string, count: number, timezone = NEW_YORK): string[] {
  const startsAt = shownAt(start, timezone);
  const recurrence: Recurrence = { kind: "rrule", rrule, startsAt, endsAt: null, timezone };
  const found: string[] = [];
  let from = new Date(startsAt.getTime() - 1);
  while (found.length < count) {
    const next = nextRun(recurrence, from);
    if (next === null) break;
    found.push(new Date(toWallClock(next, timezone)).toISOString().slice(0, 16));
    from = next;
  }
  return found;
}

const days = (month: string, ...of: number[]) =>
  of.map((day) => `${month}-${String(day).padStart(2, "0")}T09:00`);

/** Examples of RFC 5545, 3.8.5.3, with the dates printed there. All start in New York at nine. */
const EXAMPLES: [rule: string, start: string, dates: string[]][] = [
  ["FREQ=DAILY;COUNT=4", "1997-09-02", days("1997-09", 2, 3, 4, 5)],
  [
    "FREQ=DAILY;INTERVAL=10;COUNT=5",
    "1997-09-02",
    [...days("1997-09", 2, 12, 22), ...days("1997-10", 2, 12)],
  ],
  [
    "FREQ=WEEKLY;UNTIL=19971007T000000Z;WKST=SU;BYDAY=TU,TH",
    "1997-09-02",
    [...days("1997-09", 2, 4, 9, 11, 16, 18, 23, 25, 30), ...days("1997-10", 2)],
  ],
  ["FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO", "1997-08-05", days("1997-08", 5, 10, 19, 24)],
  ["FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU", "1997-08-05", days("1997-08", 5, 17, 19, 31)],
  [
    "FREQ=MONTHLY;COUNT=3;BYDAY=1FR",
    "1997-09-05",
    [...days("1997-09", 5), ...days("1997-10", 3), ...days("1997-11", 7)],
  ],
  [
    "FREQ=MONTHLY;COUNT=3;BYDAY=-2MO",
    "1997-09-22",
    [...days("1997-09", 22), ...days("1997-10", 20), ...days("1997-11", 17)],
  ],
  [
    "FREQ=MONTHLY;BYMONTHDAY=-3;COUNT=3",
    "1997-09-28",
    [...days("1997-09", 28), ...days("1997-10", 29), ...days("1997-11", 28)],
  ],
  [
    "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2;COUNT=3",
    "1997-09-29",
    [...days("1997-09", 29), ...days("1997-10", 30), ...days("1997-11", 27)],
  ],
  [
    "FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8;COUNT=3",
    "1996-11-05",
    [...days("1996-11", 5), ...days("2000-11", 7), ...days("2004-11", 2)],
  ],
];

describe("a recurrence rule", () => {
  it.each(EXAMPLES)("%s runs on the dates of its RFC", (rule, start, dates) => {
    expect(shown(rule, `${start}T09:00:00`, dates.length + (/COUNT|UNTIL/.test(rule) ? 1 : 0))).toEqual(
      dates,
    );
  });

  it("keeps its local time through every change of clocks, in any zone", () => {
    const zones = fc.constantFrom(
      "Europe/Berlin",
      "America/Sao_Paulo",
      "Australia/Lord_Howe",
      "Asia/Kathmandu",
      "UTC",
    );
    const weekdays = ["SU", "MO", "TU", "WE", "TH", "FR", "SA"] as const;
    fc.assert(
      fc.property(
        zones,
        fc.integer({ min: 0, max: 3_650 }),
        fc.integer({ min: 4, max: 22 }),
        fc.subarray([...weekdays], { minLength: 1 }),
        fc.integer({ min: 1, max: 12 }),
        (timezone, day, hour, on, count) => {
          const start = new Date(Date.UTC(2020, 0, 1 + day)).toISOString().slice(0, 10);
          const rule = `FREQ=WEEKLY;BYDAY=${on.join(",")};BYHOUR=${hour};BYMINUTE=30;BYSECOND=0;COUNT=${count}`;
          // Computes the dates day by day.
          const expected: string[] = [];
          for (
            let date = new Date(`${start}T00:00:00Z`);
            expected.length < count;
            date = new Date(date.getTime() + 86_400_000)
          ) {
            const weekday = weekdays[date.getUTCDay()];
            const at = `${date.toISOString().slice(0, 10)}T${String(hour).padStart(2, "0")}:30`;
            if (weekday !== undefined && on.includes(weekday)) expected.push(at);
          }
          expect(shown(rule, `${start}T00:00:00`, count + 1, timezone)).toEqual(expected);
        },
      ),
      { numRuns: 60 },
    );
  });

  it("runs at a skipped local time, and once at a repeated one", () => {
    expect(shown("FREQ=DAILY", "2026-03-28T02:30:00", 3, "Europe/Berlin")).toEqual([
      "2026-03-28T02:30",
      "2026-03-29T03:30",
      "2026-03-30T02:30",
    ]);
    expect(shown("FREQ=DAILY", "2026-10-24T02:30:00", 3, "Europe/Berlin")).toEqual([
      "2026-10-24T02:30",
      "2026-10-25T02:30",
      "2026-10-26T02:30",
    ]);
  });

  it("ends with its UNTIL: a moment, a local time, or a whole day", () => {
    const daily = (until: string) => shown(`FREQ=DAILY;UNTIL=${until}`, "2026-01-01T09:00:00", 9).length;
    expect([daily("20260103T140000Z"), daily("20260103T135959Z")]).toEqual([3, 2]);
    expect([daily("20260103T090000"), daily("20260103T085959"), daily("20260103")]).toEqual([3, 2, 3]);
  });

  it("is read in any case, with and without its name", () => {
    expect(normalRule("rrule:freq=daily;interval=2;")).toBe("FREQ=DAILY;INTERVAL=2");
  });

  it.each([
    ["", "no part"],
    ["INTERVAL=2", "no FREQ"],
    ["FREQ=FORTNIGHTLY", "FREQ=FORTNIGHTLY cannot be read"],
    ["FREQ=DAILY;BYHOUR=25", "BYHOUR=25 cannot be read"],
    ["FREQ=DAILY;BYMONTHDAY=0", "BYMONTHDAY=0 cannot be read"],
    ["FREQ=DAILY;INTERVAL=0", "INTERVAL=0 cannot be read"],
    ["FREQ=WEEKLY;BYDAY=", "BYDAY= cannot be read"],
    ["FREQ=DAILY;COLOUR=RED", "COLOUR is no part"],
    ["FREQ=DAILY;FREQ=WEEKLY", "FREQ is there twice"],
    ["FREQ=DAILY;COUNT=2;UNTIL=20300101", "both COUNT and UNTIL"],
    ["FREQ=WEEKLY;BYDAY=1MO", "BYDAY"],
    ["FREQ=DAILY;BYMONTH=2;COUNT=900", "leave COUNT out"],
    ["DTSTART:20260101T000000Z\nRRULE:FREQ=DAILY", "starts_at"],
    ["FREQ=DAILY\nDTSTART:20260101T000000Z", "is no part of a rule"],
  ])("%j is refused with a reason", (rrule, reason) => {
    const startsAt = new Date("2026-01-01T00:00:00Z");
    expect(ruleProblem({ rrule, startsAt, timezone: "UTC" })).toContain(reason);
  });

  it("is refused if it never runs or is already over", () => {
    const plan = (rrule: string) =>
      planSchedule({ rrule, timezone: "UTC" }, new Date("2026-01-01T00:00:00Z"));
    for (const [rrule, reason] of [
      ["FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "no run among the first 1,000"],
      ["FREQ=DAILY;INTERVAL=3;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO", "no run among the first 1,000"],
      ["FREQ=DAILY;UNTIL=20251231", "its time is past"],
    ] as const)
      expect(plan(rrule)).toMatchObject({
        kind: "refused",
        code: "never_due",
        reason: expect.stringContaining(reason),
      });
    expect(plan("FREQ=DAILY;COUNT=3")).toMatchObject({
      kind: "planned",
      nextRunAt: new Date("2026-01-01T00:00:01Z"),
    });
  });

  it("continues over the longest gap of any calendar", () => {
    expect(shown("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=29", "2026-01-01T09:00:00", 20).slice(-2)).toEqual([
      "2104-02-29T09:00",
      "2108-02-29T09:00",
    ]);
    expect(shown("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO", "2026-01-01T09:00:00", 4)).toEqual([
      "2044-02-29T09:00",
      "2072-02-29T09:00",
      "2112-02-29T09:00",
      "2140-02-29T09:00",
    ]);
  });
});

describe("a rule that would take long to compute", () => {
  const list = (from: number, to: number) =>
    Array.from({ length: to - from + 1 }, (_, n) => from + n).join(",");
  const written = (rrule: string) => ({
    rrule,
    startsAt: new Date("2026-12-01T08:00:00Z"),
    timezone: "Europe/Berlin",
  });

  it.each([
    `FREQ=YEARLY;BYMONTH=${list(1, 12)};BYMONTHDAY=${list(1, 31)};BYHOUR=${list(0, 23)};BYMINUTE=${list(0, 49)};BYSETPOS=366;COUNT=900`,
    `FREQ=YEARLY;BYMONTHDAY=${list(1, 31)};BYHOUR=${list(0, 23)}`,
    `FREQ=YEARLY;BYYEARDAY=${list(1, 366)};BYHOUR=8,20`,
    `FREQ=YEARLY;BYWEEKNO=${list(1, 53)};BYDAY=MO,TU,WE,TH,FR,SA,SU;BYHOUR=8,20`,
    `FREQ=YEARLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYMINUTE=${list(0, 59)}`,
    `FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYHOUR=${list(0, 23)}`,
    `FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR;BYHOUR=${list(0, 23)};BYMINUTE=${list(0, 59)}`,
    `FREQ=DAILY;BYHOUR=${list(0, 23)};BYMINUTE=${list(0, 59)};BYSETPOS=366;COUNT=900`,
    `FREQ=HOURLY;BYMINUTE=${list(0, 59)};BYSECOND=${list(0, 59)}`,
  ])("is refused, and the error has its number of times: %s", (rrule) => {
    expect(ruleProblem(written(rrule))).toMatch(/^it names up to \d+ times in one period/);
    expect(
      nextRun({ kind: "rrule", endsAt: null, ...written(rrule) }, new Date("2027-01-01T00:00:00Z")),
    ).toBeNull();
  });

  it.each([
    `FREQ=YEARLY;BYMONTH=${list(1, 12)};BYMONTHDAY=${list(1, 31)};BYSETPOS=366`,
    `FREQ=DAILY;BYHOUR=${list(8, 20)};BYMINUTE=0,15,30,45`,
    "FREQ=YEARLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYSETPOS=-1",
    `FREQ=MINUTELY;BYHOUR=${list(0, 23)};BYDAY=MO,TU,WE,TH,FR`,
    `FREQ=YEARLY;BYWEEKNO=${list(1, 53)};BYDAY=MO`,
  ])("is not a rule with few times in each period: %s", (rrule) => {
    expect(ruleProblem(written(rrule))).toBeNull();
    expect(
      nextRun({ kind: "rrule", endsAt: null, ...written(rrule) }, new Date("2027-01-01T00:00:00Z")),
    ).not.toBeNull();
  });

  it.each([
    `FREQ=YEARLY;BYYEARDAY=${list(1, 100)};COUNT=9999`,
    `FREQ=YEARLY;BYWEEKNO=${list(1, 53)};BYDAY=MO,TU,WE,TH,FR,SA,SU;COUNT=9999`,
  ])("is refused sooner if it counts days or weeks of the year: %s", (rrule) => {
    expect(ruleProblem(written(rrule))).toMatch(/^it names up to \d+ times in one period: at most 60 can be/);
  });

  it("is refused if only its COUNT makes it long", () => {
    const rrule = `FREQ=DAILY;BYHOUR=${list(0, 19)};BYMINUTE=${list(0, 23)};BYSETPOS=366;COUNT=900`;
    expect(ruleProblem(written(rrule))).toMatch(/leave COUNT out/);
  });
});
