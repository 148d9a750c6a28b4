import { DAY_MS, fromWallClock, toWallClock } from "./wall-clock.ts";

/** When nobody is to be written to unasked. Times are minutes of the day; `from` behind `to` reaches over midnight. */
export interface QuietHours {
  from: number;
  to: number;
  /** An IANA zone. */
  timezone: string;
}

/** When the quiet hours that are on now end; null where none are. */
export function quietUntil({ from, to, timezone }: QuietHours, now: Date): Date | null {
  const shown = toWallClock(now, timezone);
  const midnight = Math.floor(shown / DAY_MS) * DAY_MS;
  const minute = Math.floor((shown - midnight) / 60_000);
  const isQuiet = from <= to ? minute >= from && minute < to : minute >= from || minute < to;
  if (!isQuiet) return null;
  const end = midnight + to * 60_000;
  return fromWallClock(end > shown ? end : end + DAY_MS, timezone);
}
