import type { Logger } from "../core/logger.ts";
import { wait } from "../core/wait.ts";

export interface ReconcilerStep {
  name: string;
  run(): Promise<void>;
}

/**
 * Looks, again and again, for rows that nothing is working on: left by a process that was killed or a queue that was
 * wiped. Every step may run on any number of processes at once. The steps of a group run one after the other; a group
 * whose steps wait for a platform or a bucket holds up no other.
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
