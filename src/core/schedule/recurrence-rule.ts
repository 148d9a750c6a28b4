import { RRuleTemporal } from "rrule-temporal";
import { fromWallClock, toWallClock } from "../time/wall-clock.ts";
import { MOST_TIMES, mostTimesFor, periodsFor, timesInPeriod } from "./recurrence-work.ts";

/** A recurrence rule (RFC 5545, 3.3.10) with its start (DTSTART). */
export interface RecurrenceRule {
  /** For example `FREQ=WEEKLY;BYDAY=MO,TH;COUNT=10`, without the property's name. */
  rrule: string;
  startsAt: Date;
  /** An IANA zone. Days, hours and an UNTIL without a `Z` follow its wall clock. */
  timezone: string;
}

/**
 * Maximum periods searched for the first run, or for all runs of a COUNT. So a rule that never runs costs only
 * milliseconds.
 */
const MOST_PERIODS = 1_000;
/**
 * The same limit for the search after a known run. It covers more days than lie between two 29ths of February that are
 * Mondays. That is forty years if a leap year is left out.
 */
const MOST_PERIODS_BETWEEN = 20_000;

/**
 * The first run after a moment; null: there is none. The rule follows the wall clock, so that nine o'clock stays nine
 * o'clock. A time that is skipped when clocks go forward runs that much later. A time that occurs twice runs once.
 */
export function nextByRule({ rrule, startsAt, timezone }: RecurrenceRule, after: Date): Date | null {
  // The rule was stored before the limit existed. Computing it would block the whole process.
  if (timesInPeriod(rrule) > MOST_TIMES) return null;
  const { until, rule } = read(rrule, startsAt, timezone, MOST_PERIODS_BETWEEN);
  let shown = startsAt > after ? toWallClock(startsAt, timezone) - 1_000 : toWallClock(after, timezone);
  for (;;) {
    const next = behind(rule, shown);
    if (next === null) return null;
    const moment = fromWallClock(next, timezone);
    if (until !== null && moment > until) return null;
    if (moment > after) return moment;
    shown = next;
  }
}

/** Returns true if a rule without problems has a first run near enough to its start. */
export function hasRuns({ rrule, startsAt, timezone }: RecurrenceRule): boolean {
  const { rule } = read(rrule, startsAt, timezone, MOST_PERIODS);
  return behind(rule, toWallClock(startsAt, timezone) - 1_000) !== null;
}

/** The problem of a rule; null: none. */
export function ruleProblem(written: RecurrenceRule): string | null {
  const wrong = written.rrule.split(";").flatMap((part) => partProblem(part) ?? []);
  if (wrong[0] !== undefined) return wrong[0];
  const names = written.rrule.split(";").map((part) => part.slice(0, part.indexOf("=")));
  if (!names.includes("FREQ")) return "it has no FREQ";
  const times = timesInPeriod(written.rrule);
  const most = mostTimesFor(written.rrule);
  if (times > most) return `it names up to ${times} times in one period: at most ${most} can be`;
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) return `${twice} is there twice`;
  if (names.includes("COUNT") && names.includes("UNTIL")) return "it has both COUNT and UNTIL";
  try {
    const { rule } = read(written.rrule, written.startsAt, written.timezone, MOST_PERIODS);
    // With COUNT, every run up to the last one must be found, however late that is.
    if (names.includes("COUNT")) rule.all();
    return null;
  } catch (error) {
    return error instanceof Error && !error.message.startsWith("Maximum")
      ? error.message
      : `its runs lie too far apart to be counted: leave COUNT out`;
  }
}

/** The rule in stored form: without the property's name, in upper case. */
export function normalRule(written: string): string {
  return written
    .trim()
    .toUpperCase()
    .replace(/^RRULE:/, "")
    .replace(/;$/, "");
}

/** Reads the rule on the wall clock, as if that were UTC. We handle the changes of a zone's clock ourselves. */
function read(rrule: string, startsAt: Date, timezone: string, periods: number) {
  const parts = rrule.split(";");
  const until = parts.find((part) => part.startsWith("UNTIL="))?.slice(6);
  const rest = parts.filter((part) => !part.startsWith("UNTIL=")).join(";");
  const start = new Date(toWallClock(startsAt, timezone)).toISOString().replaceAll(/[-:]|\.\d+/g, "");
  const rule = new RRuleTemporal({
    rruleString: `DTSTART:${start}\nRRULE:${rest}`,
    strict: true,
    cache: false,
    maxIterations: periodsFor(rrule, periods),
  });
  return { rule, until: until === undefined ? null : untilMoment(until, timezone) };
}

function behind(rule: RRuleTemporal, shown: number): number | null {
  try {
    return rule.next(new Date(shown))?.epochMilliseconds ?? null;
  } catch {
    // There is no run in the searched periods. `ruleProblem` has excluded every other error.
    return null;
  }
}

/** A date such as `20261231` includes the whole day. */
function untilMoment(until: string, timezone: string): Date {
  const [, year, month, day, hours = "23", minutes = "59", seconds = "59"] =
    /^(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d))?/.exec(until) ?? [];
  const shown = Date.parse(`${year}-${month}-${day}T${hours}:${minutes}:${seconds}Z`);
  return until.endsWith("Z") ? new Date(shown) : fromWallClock(shown, timezone);
}

const WEEKDAY = "(?:MO|TU|WE|TH|FR|SA|SU)";
const listOf = (pattern: string) => new RegExp(`^${pattern}(?:,${pattern})*$`);
const FORMS: Readonly<Record<string, RegExp | readonly [from: number, to: number]>> = {
  FREQ: /^(?:YEARLY|MONTHLY|WEEKLY|DAILY|HOURLY|MINUTELY|SECONDLY)$/,
  INTERVAL: /^[1-9]\d{0,3}$/,
  COUNT: /^[1-9]\d{0,3}$/,
  UNTIL: /^\d{4}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:T(?:[01]\d|2[0-3])[0-5]\d[0-5]\dZ?)?$/,
  WKST: new RegExp(`^${WEEKDAY}$`),
  BYDAY: listOf(`(?:[+-]?[1-9]\\d?)?${WEEKDAY}`),
  BYHOUR: [0, 23],
  BYMINUTE: [0, 59],
  BYSECOND: [0, 59],
  BYMONTH: [1, 12],
  BYMONTHDAY: [-31, 31],
  BYYEARDAY: [-366, 366],
  BYWEEKNO: [-53, 53],
  BYSETPOS: [-366, 366],
};

/**
 * The library ignores these mistakes silently. Here they are errors, because a caller who writes BYHOUR=25 wants
 * something.
 */
function partProblem(part: string): string | null {
  const [, name = "", value = ""] = /^([A-Z]+)=(.*)$/.exec(part) ?? [];
  const form = FORMS[name];
  if (part.startsWith("DTSTART"))
    return "DTSTART is no part of a rule: write it as starts_at, and its zone as timezone";
  if (form === undefined) return `${name || `"${part}"`} is no part of a rule`;
  const fits =
    form instanceof RegExp ? form.test(value) : value.split(",").every((each) => isWithin(each, form));
  return fits ? null : `${part} cannot be read`;
}

function isWithin(text: string, [from, to]: readonly [number, number]): boolean {
  const number = Number(text);
  return /^[+-]?\d{1,3}$/.test(text) && number >= from && number <= to && (from === 0 || number !== 0);
}
