import { isJsonObject, type JsonObject } from "../text/json.ts";
import { DAY_MS, fromWallClock, isTimezone, toWallClock } from "../time/wall-clock.ts";

/**
 * Hours in which the service sends no unprompted messages. Times are minutes of the day; `from` after `to` crosses
 * midnight.
 */
export interface QuietHours {
  from: number;
  to: number;
  /** An IANA zone. */
  timezone: string;
}

/** A time of day such as `07:30`. */
export const TIME_OF_DAY = /^(?:[01]\d|2[0-3]):[0-5]\d$/;

export function minuteOfDay(time: string): number {
  return Number(time.slice(0, 2)) * 60 + Number(time.slice(3));
}

/**
 * The quiet hours of a user. The user's participant data overrides the agent's settings: `timezone`, and `quiet_hours`
 * with `from` and `to`, or `false` for none. Invalid values are ignored.
 */
export function quietHoursOf(data: JsonObject, agent: QuietHours | null): QuietHours | null {
  const { timezone, quiet_hours: own } = data;
  const zone = typeof timezone === "string" && isTimezone(timezone) ? timezone : (agent?.timezone ?? "UTC");
  if (own === false) return null;
  const { from, to } = isJsonObject(own) ? own : {};
  if (isTimeOfDay(from) && isTimeOfDay(to)) {
    return { from: minuteOfDay(from), to: minuteOfDay(to), timezone: zone };
  }
  return agent && { ...agent, timezone: zone };
}

function isTimeOfDay(value: unknown): value is string {
  return typeof value === "string" && TIME_OF_DAY.test(value);
}

/** The end of the current quiet hours; null if it is not a quiet hour. */
export function quietUntil({ from, to, timezone }: QuietHours, now: Date): Date | null {
  const shown = toWallClock(now, timezone);
  const midnight = Math.floor(shown / DAY_MS) * DAY_MS;
  const minute = Math.floor((shown - midnight) / 60_000);
  const isQuiet = from <= to ? minute >= from && minute < to : minute >= from || minute < to;
  if (!isQuiet) return null;
  const end = midnight + to * 60_000;
  return fromWallClock(end > shown ? end : end + DAY_MS, timezone);
}
