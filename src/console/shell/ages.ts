const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A short age: `now`, `4m`, `3h`, `2d`, and the date after four weeks. */
export function ageOf(timestamp: string, now: number): string {
  const ms = now - new Date(timestamp).getTime();
  if (ms < MINUTE) return "now";
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)}m`;
  if (ms < DAY) return `${Math.floor(ms / HOUR)}h`;
  if (ms < 28 * DAY) return `${Math.floor(ms / DAY)}d`;
  return new Date(timestamp).toISOString().slice(0, 10);
}

/** A duration in words: `340 ms`, `2.4 s`, `3 min`. */
export function durationOf(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 100_000) return `${(ms / 1_000).toFixed(1)} s`;
  return `${Math.round(ms / MINUTE)} min`;
}
