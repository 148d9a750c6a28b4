import { keepSweeping } from "../core/process/keep-sweeping.ts";
import type { Logger } from "../core/process/logger.ts";
import type { Database } from "../storage/database.ts";
import { createSessionRetention } from "./retention-repository.ts";

export interface EraseOldDeps {
  pool: Database["pool"];
  /** Days after its last change until a session is erased; null: never, unless its agent says so. */
  retentionDays: number | null;
  /** Their work in this process may stop. Other processes notice that their leases are gone. */
  onErased(sessionIds: readonly string[]): void;
  log: Logger;
}

/** Erases sessions that were kept long enough. */
export function createEraseOld({ pool, retentionDays, onErased, log }: EraseOldDeps) {
  const retention = createSessionRetention(pool);
  const sweep = (stop: AbortSignal): Promise<number> => retention.sweep(retentionDays, onErased, stop);
  return {
    sweep,
    /** Erases them once an hour, until the signal aborts. */
    keep: (stopping: AbortSignal): Promise<void> =>
      keepSweeping({
        sweep,
        said: {
          swept: "erased sessions whose retention time is over",
          failed: "could not erase old sessions",
        },
        stopping,
        log,
      }),
  };
}
