import { setTimeout as delay } from "node:timers/promises";
import { sqlState } from "./sql-state.ts";

const ATTEMPTS = 8;

/**
 * Runs a transaction again that lost a conflict with another one. Two statements that lock several sessions may take them
 * in different orders; then Postgres ends one of them.
 */
export async function despiteConflicts<T>(run: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await run();
    } catch (error) {
      if (!isConflict(error) || attempt === ATTEMPTS) throw error;
      await delay(Math.random() * 5 * attempt);
    }
  }
}

/** Serialization failure or deadlock: the same work may succeed at the next attempt. */
function isConflict(error: unknown): boolean {
  const state = sqlState(error);
  return state === "40001" || state === "40P01";
}
