import { createGroupCommit } from "../storage/group-commit.ts";
import { writeOnce } from "../storage/write-once.ts";
import type { AttemptRecord } from "./attempt-repository.ts";
import type { DeliveryRepository } from "./delivery-repository.ts";

/** A platform's answer waits this long for the database during an outage, milliseconds. */
const PATIENCE_MS = 60_000;
/** Maximum answers in one commit. */
const BATCH = 200;

/** Records the answers of platforms, each once, in commits that are shared. */
export function createAttemptRecorder(
  deliveries: Pick<DeliveryRepository, "record" | "recorded">,
  giveUp: AbortSignal,
) {
  return createGroupCommit({
    run: (records: AttemptRecord[]) =>
      writeOnce(records, (open) => deliveries.record(open), {
        findWritten: deliveries.recorded,
        patienceMs: PATIENCE_MS,
        signal: giveUp,
      }),
    maxBatch: BATCH,
    partitions: 1,
    partitionOf: (attempt) => attempt.id,
  });
}
