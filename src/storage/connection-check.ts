import type { PoolClient } from "pg";

/** Interval between two checks of a connection that only waits, in milliseconds. */
const CHECK_INTERVAL_MS = 10_000;

/**
 * Checks at an interval that a connection still works, and calls `onLost` once when it does not. A listening connection
 * needs this: if the other end disappears silently, Postgres reports no error.
 * Returns a function that stops the checks.
 */
export function watchConnection(client: PoolClient, onLost: (error: unknown) => void): () => void {
  let checking = false;
  const timer = setInterval(() => {
    if (checking) return;
    checking = true;
    client.query("SELECT 1").then(
      () => {
        checking = false;
      },
      (error: unknown) => {
        clearInterval(timer);
        onLost(error);
      },
    );
  }, CHECK_INTERVAL_MS);
  timer.unref();
  return () => clearInterval(timer);
}
