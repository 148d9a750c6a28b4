import type { Pool } from "pg";
import type { Logger } from "../core/process/logger.ts";
import { shareRuns } from "../core/process/shared-run.ts";
import { wait } from "../core/time/wait.ts";
import { whileLeader } from "../storage/leader.ts";
import { mergeWords } from "./merge-words-repository.ts";

/** Pause between two checks, milliseconds. */
const PAUSE_MS = 1_000;
/** A check covers all activity since the last one, and this time before, because a commit can be late; milliseconds. */
const LATE_MS = 10_000;
/** Time between two checks of all sessions, milliseconds. */
const LOOK_AT_ALL_MS = 10 * 60_000;
/** Time between two merges of new words into the index for searches, milliseconds. */
const MERGE_MS = 5_000;
/** Sessions of one statement. Their messages wait for its commit. */
const BATCH = 100;

const IS_BEHIND = "(last_activity_at > updated_at OR waits <> (inbound_seq > answered_seq))";

/** Skips rows that a message or a turn has locked, so that nothing waits here. The next check finds them again. */
const followThose = (condition: string) => `
  WITH found AS MATERIALIZED (SELECT id FROM sessions WHERE ${condition} AND ${IS_BEHIND}),
  behind AS (
    SELECT id FROM sessions WHERE id IN (SELECT id FROM found ORDER BY id LIMIT ${BATCH}) AND ${IS_BEHIND}
    ORDER BY id FOR NO KEY UPDATE SKIP LOCKED),
  followed AS (
    UPDATE sessions s SET updated_at = greatest(s.updated_at, s.last_activity_at), waits = s.inbound_seq > s.answered_seq
    FROM behind b WHERE s.id = b.id RETURNING 1)
  SELECT (SELECT count(*) FROM found)::int AS found, (SELECT count(*) FROM followed)::int AS followed`;

const FOLLOW_ALL = followThose("true");

/** The planner would read all sessions, because it expects recent activity on every page, although it is on few. */
const followRecent = (ms: number) => `SET LOCAL enable_seqscan = off;
  ${followThose(`last_activity_at > now() - ${Math.ceil(ms)} * interval '1 millisecond'`)}`;

/**
 * Keeps two indexed columns of sessions up to date. Lists are sorted by `updated_at`, and `waits` finds waiting
 * sessions after a crash.
 *
 * Each message writes its session's row twice, and Postgres updates a row in place only if no indexed column changes.
 * Otherwise it also writes a dozen indexes. So messages and turns write only `last_activity_at` and the numbers of the
 * newest messages. One process at a time brings the two columns up to date, about once a second. That is one write to
 * the indexes for all messages of a second.
 *
 * The row itself shows that it is behind, so a killed process leaves nothing that cannot be found. Recent activity has
 * a BRIN index, which does not prevent updates in place. The first check, and one every ten minutes, reads all
 * sessions.
 */
export async function followActivity(
  pool: Pool,
  lookBackMs: number | null,
  stop?: AbortSignal,
): Promise<void> {
  const text = lookBackMs === null ? FOLLOW_ALL : followRecent(lookBackMs);
  for (let more = true; more; ) {
    // Several statements in one text are one transaction, and give one result each.
    const results = [await pool.query<{ found: number; followed: number }>(text)].flat();
    const { found, followed } = results.at(-1)?.rows[0] ?? { found: 0, followed: 0 };
    more = found > BATCH && followed > 0 && !stop?.aborted;
  }
}

/** Maximum readers that share a run. The console asks for a few lists at once. */
const READERS = 8;

const catchingUp = new WeakMap<Pool, () => Promise<void>>();

/** Brings recent activity up to date for a reader of the indexed columns. Parallel readers share a run. */
export function catchUp(pool: Pool): Promise<void> {
  const shared = catchingUp.get(pool) ?? shareRuns(() => followActivity(pool, LATE_MS), READERS);
  catchingUp.set(pool, shared);
  return shared();
}

/** Keeps the columns up to date, in one process at a time, until the signal aborts. */
export function keepFollowing(pool: Pool, options: { stop: AbortSignal; log: Logger }): Promise<void> {
  return whileLeader(pool, "session-activity", (stop) => follow(pool, stop, options.log), options);
}

async function follow(pool: Pool, stop: AbortSignal, log: Logger): Promise<void> {
  /** The start times of the last check, of the last check of all sessions, and of the last merge. */
  let last = Number.NEGATIVE_INFINITY;
  let lastAtAll = Number.NEGATIVE_INFINITY;
  let lastMerge = Number.NEGATIVE_INFINITY;
  while (!stop.aborted) {
    const now = performance.now();
    const all = now - lastAtAll >= LOOK_AT_ALL_MS;
    try {
      await followActivity(pool, all ? null : now - last + LATE_MS, stop);
      last = now;
      if (all) lastAtAll = now;
      if (now - lastMerge >= MERGE_MS) {
        await mergeWords(pool);
        lastMerge = now;
      }
    } catch (error) {
      log.warn({ err: error }, "could not update the activity and search words of sessions; trying again");
    }
    await wait(PAUSE_MS, stop);
  }
}
