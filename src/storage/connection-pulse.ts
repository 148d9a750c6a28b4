import type { PoolClient } from "pg";

/** How often a connection that only waits is asked whether it is still there, milliseconds. */
const PULSE_MS = 10_000;

/**
 * Asks a connection now and then whether it is still there, and calls `onLost` once when it is not. A connection whose
 * other end is gone without a word tells nobody who only listens on it. Returns what ends the asking.
 */
export function watchPulse(client: PoolClient, onLost: (error: unknown) => void): () => void {
  let asking = false;
  const timer = setInterval(() => {
    if (asking) return;
    asking = true;
    client.query("SELECT 1").then(
      () => {
        asking = false;
      },
      (error: unknown) => {
        clearInterval(timer);
        onLost(error);
      },
    );
  }, PULSE_MS);
  timer.unref();
  return () => clearInterval(timer);
}
