import { RRuleTemporal } from "rrule-temporal";
import { fromWallClock, toWallClock } from "./wall-clock.ts";

/** A recurrence rule (RFC 5545, 3.3.10) with what it is counted from: its DTSTART. */
export interface RecurrenceRule {
  /** `FREQ=WEEKLY;BYDAY=MO,TH;COUNT=10`, without the property's name. */
  rrule: string;
  startsAt: Date;
  /** An IANA zone: days, hours and an UNTIL without a `Z` are those of its wall clock. */
  timezone: string;
}

/** Periods looked through for the first run, or for all of a COUNT: so a rule that can never come due costs milliseconds. */
const MOST_PERIODS = 1_000;
/**
 * The same for the run after one there was: more days than lie between two 29ths of February that are Mondays, forty
 * years where a leap year is left out.
 */
const MOST_PERIODS_BETWEEN = 20_000;

/**
 * The first run behind a moment; null: there is none. The rule is followed on the wall clock, so that nine o'clock
 * stays nine o'clock: a time that is skipped when clocks go forward comes that much later, one that is shown twice runs once.
 */
export function nextByRule({ rrule, startsAt, timezone }: RecurrenceRule, after: Date): Date | null {
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

/** Whether a rule without problems has a first run, near enough to its start to be found. */
export function hasRuns({ rrule, startsAt, timezone }: RecurrenceRule): boolean {
  const { rule } = read(rrule, startsAt, timezone, MOST_PERIODS);
  return behind(rule, toWallClock(startsAt, timezone) - 1_000) !== null;
}

/** What is wrong with a rule; null: nothing. */
export function ruleProblem(written: RecurrenceRule): string | null {
  const wrong = written.rrule.split(";").flatMap((part) => partProblem(part) ?? []);
  if (wrong[0] !== undefined) return wrong[0];
  const names = written.rrule.split(";").map((part) => part.slice(0, part.indexOf("=")));
  if (!names.includes("FREQ")) return "it has no FREQ";
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) return `${twice} is there twice`;
  if (names.includes("COUNT") && names.includes("UNTIL")) return "it has both COUNT and UNTIL";
  try {
    const { rule } = read(written.rrule, written.startsAt, written.timezone, MOST_PERIODS);
    // Every run up to the last one has to be found then, however late that is.
    if (names.includes("COUNT")) rule.all();
    return null;
  } catch (error) {
    return error instanceof Error && !error.message.startsWith("Maximum")
      ? error.message
      : `its runs lie too far apart to be counted: leave COUNT out`;
  }
}

/** The rule as it is stored: without the property's name, in upper case. */
export function normalRule(written: string): string {
  return written
    .trim()
    .toUpperCase()
    .replace(/^RRULE:/, "")
    .replace(/;$/, "");
}

/** On the wall clock, as if that were UTC: what zones do to it is ours to decide. */
function read(rrule: string, startsAt: Date, timezone: string, periods: number) {
  const parts = rrule.split(";");
  const until = parts.find((part) => part.startsWith("UNTIL="))?.slice(6);
  const rest = parts.filter((part) => !part.startsWith("UNTIL=")).join(";");
  const start = new Date(toWallClock(startsAt, timezone)).toISOString().replaceAll(/[-:]|\.\d+/g, "");
  const rule = new RRuleTemporal({
    rruleString: `DTSTART:${start}\nRRULE:${rest}`,
    strict: true,
    cache: false,
    maxIterations: periods,
  });
  return { rule, until: until === undefined ? null : untilMoment(until, timezone) };
}

function behind(rule: RRuleTemporal, shown: number): number | null {
  try {
    return rule.next(new Date(shown))?.epochMilliseconds ?? null;
  } catch {
    // No run among the periods looked through: `ruleProblem` has seen to it that nothing else is wrong.
    return null;
  }
}

/** `20261231` is the whole of that day. */
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

/** What the library passes over in silence is an error here: who writes BYHOUR=25 means something. */
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
