/**
 * Milliseconds of a clock that nobody sets. Use it for intervals within this process: when the machine's clock is set back
 * by an hour, a pause by that clock would last an hour longer. It tells no date.
 */
export const monotonicMs = (): number => performance.now();
