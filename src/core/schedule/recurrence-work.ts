/**
 * The cost of a recurrence rule. One period (a year, a day) of a rule may name thousands of times. The library computes
 * each time before BYSETPOS selects some. People name a few times; more is a mistake or an attack.
 */

/** Maximum times in one period: every day of a year, or every minute of eight hours. */
export const MOST_TIMES = 500;
/** Maximum times computed in one search: periods multiplied by times per period. A thousand take some milliseconds. */
const MOST_WORK = 40_000;
/** Minimum periods to search: a 29th of February that is a Monday always comes within them. */
const FEWEST_PERIODS = 40;
/** Days and weeks that are counted from the beginning of the year. The library takes far longer for each. */
const COUNTED = /(?:^|;)(?:BYYEARDAY|BYWEEKNO)=/;
const MOST_COUNTED = 60;
const WORK_OF_COUNTED = 20;

/** Maximum number of times that one period of a new rule may name. */
export function mostTimesFor(rrule: string): number {
  return COUNTED.test(rrule) ? MOST_COUNTED : MOST_TIMES;
}

/** Maximum number of times in one period of a rule, before BYSETPOS selects some. */
export function timesInPeriod(rrule: string): number {
  const lists = new Map(
    rrule.split(";").map((part) => {
      const [name = "", value = ""] = part.split("=");
      return [name, value.split(",")] as const;
    }),
  );
  const size = (name: string) => lists.get(name)?.length ?? 1;
  const frequency = FREQUENCIES.indexOf(lists.get("FREQ")?.[0] ?? "");
  const isCoarser = (than: string) => frequency < FREQUENCIES.indexOf(than);
  const ofDay =
    (isCoarser("HOURLY") ? size("BYHOUR") : 1) *
    (isCoarser("MINUTELY") ? size("BYMINUTE") : 1) *
    (isCoarser("SECONDLY") ? size("BYSECOND") : 1);
  return daysInPeriod(lists, frequency) * ofDay;
}

/** The number of periods to search for a rule, at most `most`. */
export function periodsFor(rrule: string, most: number): number {
  const work = timesInPeriod(rrule) * (COUNTED.test(rrule) ? WORK_OF_COUNTED : 1);
  return Math.min(most, Math.max(FEWEST_PERIODS, Math.floor(MOST_WORK / work)));
}

const FREQUENCIES = ["YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY", "MINUTELY", "SECONDLY"];

function daysInPeriod(lists: ReadonlyMap<string, readonly string[]>, frequency: number): number {
  const size = (name: string) => lists.get(name)?.length ?? 1;
  const weekdays = lists.get("BYDAY") ?? [];
  // `2MO` is one day of its month or year; `MO` is every Monday in it.
  const inMonth = weekdays.reduce((days, day) => days + (/\d/.test(day) ? 1 : 5), 0);
  const inYear = weekdays.reduce((days, day) => days + (/\d/.test(day) ? 1 : 53), 0);
  switch (FREQUENCIES[frequency]) {
    case "YEARLY": {
      const months = lists.has("BYMONTH") ? size("BYMONTH") : 12;
      if (lists.has("BYYEARDAY")) return size("BYYEARDAY");
      if (lists.has("BYWEEKNO")) return size("BYWEEKNO") * Math.max(1, weekdays.length);
      if (lists.has("BYMONTHDAY")) return months * size("BYMONTHDAY");
      if (weekdays.length > 0) return lists.has("BYMONTH") ? months * inMonth : inYear;
      return size("BYMONTH");
    }
    case "MONTHLY":
      return lists.has("BYMONTHDAY") ? size("BYMONTHDAY") : Math.max(1, inMonth);
    case "WEEKLY":
      return Math.max(1, weekdays.length);
    default:
      return 1;
  }
}
