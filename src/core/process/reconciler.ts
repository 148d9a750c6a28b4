import { wait } from "../time/wait.ts";
import type { Logger } from "./logger.ts";

export interface ReconcilerStep {
  name: string;
  run(): Promise<void>;
}

/**
 * Repeatedly finds rows that nothing works on, left by a killed process or a wiped queue. Every step may run on any
 * number of processes at once. The steps of a group run one after another. A group whose steps wait for a platform or a
 * bucket delays no other group.
 */
export function startReconciler(deps: {
  groups: readonly (readonly ReconcilerStep[])[];
  intervalMs: number;
  log: Logger;
}): {
  stop(): Promise<void>;
} {
  const stop = new AbortController();
  async function keepLooking(steps: readonly ReconcilerStep[]): Promise<void> {
    while (!stop.signal.aborted) {
      for (const step of steps) {
        try {
          await step.run();
        } catch (error) {
          deps.log.warn({ err: error, step: step.name }, "a reconciler step failed; it runs again");
        }
      }
      await wait(deps.intervalMs, stop.signal);
    }
  }
  const running = Promise.all(deps.groups.map(keepLooking));
  return {
    async stop() {
      stop.abort();
      await running;
    },
  };
}
