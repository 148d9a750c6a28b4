import type { Pool } from "pg";

/** Message of the driver's error for a statement without an answer in time. The error has no code. */
const NO_ANSWER = "Query read timeout";

/** True for a statement that Postgres did not answer within its time limit. The connection is of no more use. */
export function isUnanswered(error: unknown): boolean {
  return error instanceof Error && error.message === NO_ANSWER;
}

/**
 * Closes the idle connections of a pool when one connection stops answering. A network that drops connections without
 * a word drops all of them. Each one would otherwise cost a later statement its whole time limit.
 */
export function closeSilentConnections(pool: Pool): void {
  pool.on("release", (error) => {
    if (!isUnanswered(error)) return;
    for (let idle = pool.idleCount; idle > 0; idle -= 1) {
      pool.connect().then(
        (client) => client.release(true),
        // The pool ends, or the database cannot be reached. Then this connection is gone too.
        () => undefined,
      );
    }
  });
}
