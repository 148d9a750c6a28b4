/** The time limit for a peer that makes progress, even if slowly. */
export interface SlowPeerLimit {
  /** Reports the number of bytes that the peer sent or took. */
  progress(bytes: number): void;
  isOver(): boolean;
}

/**
 * Ends after a peer has been slower than a rate for long enough. A fast period extends the limit by at most `silentMs`.
 * So a silent peer is given up after that time, however much it sent before.
 */
export function createSlowPeerLimit(
  { bytesPerSecond, silentMs }: { bytesPerSecond: number; silentMs: number },
  now: () => number = () => performance.now(),
): SlowPeerLimit {
  let until = now() + silentMs;
  return {
    progress(bytes) {
      until = Math.min(now() + silentMs, until + (bytes / bytesPerSecond) * 1000);
    },
    isOver: () => now() >= until,
  };
}
