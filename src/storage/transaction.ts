import type { Pool, PoolClient } from "pg";
import { despiteConflicts } from "./despite-conflicts.ts";
import { isUnanswered } from "./silent-connections.ts";

/**
 * Runs `work` in a transaction and commits it. If Postgres ends the transaction for another one (a deadlock), it runs
 * `work` again. So `work` changes nothing but the database.
 */
export function inTransaction<T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
  return despiteConflicts(() => inTransactionOnce(pool, work));
}

/** Runs `work` in a transaction at most once, such as work that reads a stream. */
export async function inTransactionOnce<T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  try {
    await client.query("BEGIN");
    const result = await work(client);
    await client.query("COMMIT");
    client.release();
    return result;
  } catch (error) {
    if (error instanceof Error && isUnanswered(error)) {
      // A rollback on a silent connection would wait for its whole time limit too. Closing ends the transaction.
      client.release(error);
      throw error;
    }
    // If the rollback fails, the connection is in an unknown state, so close it instead of returning it.
    const broken = await client.query("ROLLBACK").then(
      () => false,
      () => true,
    );
    client.release(broken);
    throw error;
  }
}
