import type { PoolClient } from "pg";

/** Interval between two checks of a connection that only waits, in milliseconds. */
const CHECK_INTERVAL_MS = 5_000;
/** Its time limit is shorter than the limit of other statements, because users wait for what the connection reports. */
const CHECK = { text: "SELECT 1", query_timeout: 5_000 };

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
    client.query(CHECK).then(
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
