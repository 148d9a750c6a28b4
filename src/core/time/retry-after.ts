/** From here on, a number of seconds is a point in time: no server asks for a wait of thirty years. */
const EPOCH_FROM = 1e9;

/**
 * The milliseconds that a `Retry-After` header asks to wait, from seconds or a date. Of several headers, which HTTP
 * clients join by commas, the longest wait counts. Null if the value is not usable.
 */
export function retryAfterMs(value: string | undefined, now: Date): number | null {
  if (value === undefined) return null;
  const whole = waitOf(value.trim(), now);
  if (whole !== null) return whole;
  const waits = value.split(",").flatMap((part) => waitOf(part.trim(), now) ?? []);
  return waits.length === 0 ? null : Math.max(...waits);
}

function waitOf(value: string, now: Date): number | null {
  if (/^[+-]?\d{1,15}(?:\.\d*)?$/.test(value)) {
    const seconds = Number(value);
    return Math.max(0, seconds * 1000 - (seconds < EPOCH_FROM ? 0 : now.getTime()));
  }
  // A date has a colon. Without it, `30` in a list could be read as a year. A date without a zone is in UTC.
  if (!value.includes(":")) return null;
  const wait =
    Date.parse(/[zZ]$|GMT|UTC|[+-]\d\d:?\d\d$/.test(value) ? value : `${value} GMT`) - now.getTime();
  return Number.isNaN(wait) ? null : Math.max(0, wait);
}
