import type { Logger } from "../../core/process/logger.ts";
import type { Lane } from "./turn-repository.ts";

interface RecoveryDeps {
  /** The lanes that the database says are ours. */
  ownLanes(): Promise<Lane[]>;
  isHeld(sessionId: string): boolean;
  begin(lane: Lane): void;
  isDraining(): boolean;
  log: Logger;
}

/**
 * Works on lanes that this process got without knowing it, because the answer to a commit was lost. A lane must be
 * found twice in a row, because the answer may still come.
 */
export function createRecovery({ ownLanes, isHeld, begin, isDraining, log }: RecoveryDeps) {
  /** Lanes that nothing works on here, as of the last check. */
  let unknownLanes = new Map<string, number>();

  return async function recover(): Promise<void> {
    if (isDraining()) return;
    const found = (await ownLanes()).filter(({ sessionId }) => !isHeld(sessionId));
    const before = unknownLanes;
    unknownLanes = new Map(found.map(({ sessionId, leaseToken }) => [sessionId, leaseToken]));
    for (const lane of found) {
      if (isDraining() || before.get(lane.sessionId) !== lane.leaseToken) continue;
      log.info(
        { session_id: lane.sessionId },
        "a session was given to this process, but the answer of the database was lost",
      );
      begin(lane);
    }
  };
}
