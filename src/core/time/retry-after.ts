/**
 * The milliseconds that a `Retry-After` header asks to wait, from seconds or a date. Null if the value is not usable.
 */
export function retryAfterMs(value: string | undefined, now: Date): number | null {
  if (value === undefined || value.trim() === "") return null;
  const seconds = Number(value);
  const wait = Number.isNaN(seconds) ? Date.parse(value) - now.getTime() : seconds * 1000;
  return Number.isNaN(wait) ? null : Math.max(0, wait);
}
