import type { Database } from "../../storage/database.ts";

/** The senders of requests, in the order in which they are refused: visitors first. */
export type Senders = "platforms" | "callers" | "visitors";

/** Tells if so many statements wait for the database that a request of these senders has to be refused. */
export function createFullCheck({ pool, intake }: Pick<Database, "pool" | "intake">, most: number) {
  return (senders: Senders): boolean => {
    if (senders === "platforms") return intake.waitingCount >= most;
    // Visitors leave places free for callers with keys.
    return pool.waitingCount >= (senders === "visitors" ? most / 2 : most);
  };
}
