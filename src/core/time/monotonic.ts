/**
 * Milliseconds of a clock that nobody sets. Use it for intervals within this process. With the machine's clock, a pause
 * would last an hour longer if somebody set that clock back by an hour. This clock has no date.
 */
export const monotonicMs = (): number => performance.now();
