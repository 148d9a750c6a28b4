import { createGroupCommit } from "../../storage/group-commit.ts";
import { writeOnce } from "../../storage/write-once.ts";
import type { FinishRepository } from "./finish-repository.ts";
import type { TurnCommit } from "./turn-commit.ts";

/** During an outage the end of a turn waits this long, milliseconds. Otherwise the answer would be lost. */
const PATIENCE_MS = 60_000;
/** Maximum turns in one commit. */
const BATCH = 200;

/** The wait of a turn's end for the database. It ends early when a stop has no time left. */
export const turnPatience = (giveUp: AbortSignal) => ({ patienceMs: PATIENCE_MS, signal: giveUp });

/** Commits the ends of turns, each once, in commits that are shared. */
export function createTurnCommits(
  finished: Pick<FinishRepository, "finish" | "findWritten">,
  giveUp: AbortSignal,
) {
  return createGroupCommit({
    run: (commits: TurnCommit[]) =>
      writeOnce(commits, (open) => finished.finish(open), {
        findWritten: finished.findWritten,
        ...turnPatience(giveUp),
      }),
    maxBatch: BATCH,
    partitions: 1,
    partitionOf: (commit) => commit.sessionId,
  });
}
