import { isDatabaseOutage } from "../core/faults/database-outage.ts";
import type { Logger } from "../core/process/logger.ts";
import { wait } from "../core/time/wait.ts";
import type { OwnClaims } from "../storage/own-claims.ts";
import type { ClaimedRun, RunRepository } from "./run-repository.ts";

export interface ScheduleLoopDeps {
  runs: Pick<RunRepository, "isDue" | "comeDue" | "sent" | "wait" | "failed" | "unreachable">;
  claims: OwnClaims<number, ClaimedRun>;
  /**
   * Sends a message to the user, once per key. Throws if that is impossible now, for example while the channel is
   * disabled.
   */
  send(run: ClaimedRun, key: string): Promise<SentRun | { kind: "unreachable"; reason: string }>;
  /** Time at which quiet hours end for the user. Null: unprompted messages are allowed now. */
  quietUntil(run: ClaimedRun): Promise<Date | null>;
  pollMs: number;
  log: Logger;
}

export interface SentRun {
  kind: "spoken";
  sessionId: string;
  messageId: string;
  executionId: string | null;
}

const AT_ONCE = 50;
/** Pause before a run is retried after a database outage, in milliseconds. */
const OUTAGE_PAUSE_MS = 1_000;

/** Sends due scheduled messages. Any number of processes may run this loop at once; every run is sent once. */
export function startScheduleLoop(deps: ScheduleLoopDeps): { stop(): Promise<void> } {
  const { runs, log } = deps;
  const stop = new AbortController();

  async function send(run: ClaimedRun): Promise<void> {
    const ids = { schedule_id: run.scheduleId, run_id: run.id };
    try {
      const quiet = await deps.quietUntil(run);
      if (quiet) return await runs.wait(run, quiet, `quiet hours until ${quiet.toISOString()}`);
      const said = await deps.send(run, `schedule:${run.id}`);
      if (said.kind === "unreachable") {
        log.warn({ ...ids, reason: said.reason }, "a scheduled message cannot reach its user");
        return await runs.unreachable(run, said.reason);
      }
      await runs.sent(run, said);
      log.info({ ...ids, session_id: said.sessionId }, "a scheduled message was handed over for sending");
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      // The message is valid, so this does not use up one of its attempts.
      if (isDatabaseOutage(error))
        return await runs.wait(run, new Date(Date.now() + OUTAGE_PAUSE_MS), reason);
      log.warn({ ...ids, reason, attempt: run.attempts }, "a scheduled message could not be sent");
      await runs.failed(run, reason);
    }
  }

  /**
   * Sends claimed runs. Runs that were not recorded or not started are released. A repeated send creates no second
   * message, because the key is the same.
   */
  async function sendAll(claimed: readonly ClaimedRun[]): Promise<void> {
    const left = [...claimed];
    try {
      for (let run = left[0]; run && !stop.signal.aborted; run = left[0]) {
        await send(run);
        left.shift();
        deps.claims.done(run.id, true);
      }
    } finally {
      for (const run of left) deps.claims.done(run.id, false);
    }
  }

  async function poll(): Promise<void> {
    await deps.claims.releaseLost();
    if (!(await runs.isDue())) return;
    while (!stop.signal.aborted && (await runs.comeDue(AT_ONCE)) === AT_ONCE);
    while (!stop.signal.aborted) {
      const claimed = await deps.claims.claim(AT_ONCE);
      await sendAll(claimed);
      if (claimed.length < AT_ONCE) return;
    }
  }

  const loop = (async () => {
    while (!stop.signal.aborted) {
      try {
        await poll();
      } catch (error) {
        log.warn({ err: error }, "could not search scheduled messages; searching again");
      }
      await wait(deps.pollMs, stop.signal);
    }
  })();

  return {
    async stop() {
      stop.abort();
      await loop;
      await deps.claims.releaseLost();
    },
  };
}
