import type { Logger } from "../core/logger.ts";
import { wait } from "../core/wait.ts";
import type { ClaimedRun, RunRepository } from "./run-repository.ts";

export interface ScheduleLoopDeps {
  runs: Pick<RunRepository, "isDue" | "comeDue" | "claim" | "sent" | "wait" | "failed" | "unreachable">;
  /** Messages the user, once per key. Throws where it cannot now, such as while the channel is off. */
  send(run: ClaimedRun, key: string): Promise<SentRun | { kind: "unreachable"; reason: string }>;
  /** When the user may be written to unasked again; null: now. */
  quietUntil(run: ClaimedRun): Promise<Date | null>;
  lookMs: number;
  log: Logger;
}

export interface SentRun {
  kind: "spoken";
  sessionId: string;
  messageId: string;
  executionId: string | null;
}

const AT_ONCE = 50;

/** Sends what schedules say when it is due. Any number of processes may do so at once; every run is sent once. */
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
        log.warn({ ...ids, reason: said.reason }, "a scheduled message has nobody it could reach");
        return await runs.unreachable(run, said.reason);
      }
      await runs.sent(run, said);
      log.info({ ...ids, session_id: said.sessionId }, "a scheduled message is on its way");
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      log.warn({ ...ids, reason, attempt: run.attempts }, "a scheduled message could not be put down");
      await runs.failed(run, reason);
    }
  }

  async function look(): Promise<void> {
    if (!(await runs.isDue())) return;
    while (!stop.signal.aborted && (await runs.comeDue(AT_ONCE)) === AT_ONCE);
    while (!stop.signal.aborted) {
      const claimed = await runs.claim(AT_ONCE);
      for (const run of claimed) await send(run);
      if (claimed.length < AT_ONCE) return;
    }
  }

  const loop = (async () => {
    while (!stop.signal.aborted) {
      try {
        await look();
      } catch (error) {
        log.warn({ err: error }, "could not look for scheduled messages; looking again");
      }
      await wait(deps.lookMs, stop.signal);
    }
  })();

  return {
    async stop() {
      stop.abort();
      await loop;
    },
  };
}
