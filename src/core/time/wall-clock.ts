/** Conversion between moments and local times (wall clock). */

/** Milliseconds by which a zone is ahead of UTC at a moment. */
function offsetAt(moment: number, timezone: string): number {
  const parts = new Intl.DateTimeFormat("en-US", {
    timeZone: timezone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  }).formatToParts(moment);
  const value = (type: string) => Number(parts.find((part) => part.type === type)?.value ?? 0);
  const shown = Date.UTC(
    value("year"),
    value("month") - 1,
    value("day"),
    value("hour"),
    value("minute"),
    value("second"),
  );
  return shown - Math.floor(moment / 1000) * 1000;
}

/** The time on the wall clock at a moment, as if it were UTC. */
export function toWallClock(moment: Date, timezone: string): number {
  return moment.getTime() + offsetAt(moment.getTime(), timezone);
}

/**
 * The moment at which the wall clock shows a time. A time that is skipped when clocks go forward becomes that much
 * later. A time that occurs twice when they go back means the first.
 */
export function fromWallClock(shown: number, timezone: string): Date {
  const before = offsetAt(shown - DAY_MS, timezone);
  const early = shown - before;
  if (offsetAt(early, timezone) === before) return new Date(early);
  const late = shown - offsetAt(shown + DAY_MS, timezone);
  return new Date(offsetAt(late, timezone) === offsetAt(shown + DAY_MS, timezone) ? late : early);
}

export const DAY_MS = 86_400_000;

/** Returns true for a zone of the IANA database, such as `Europe/Berlin`. */
export function isTimezone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat("en-US", { timeZone: name }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}
