import type { Logger } from "./core/logger.ts";
import { wait } from "./core/wait.ts";

export interface ReconcilerStep {
  name: string;
  run(): Promise<void>;
}

/**
 * Looks, again and again, for rows that nothing is working on: left by a process that was killed or a queue that was
 * wiped. Every step may run on any number of processes at once.
 */
export function startReconciler(deps: {
  steps: readonly ReconcilerStep[];
  intervalMs: number;
  log: Logger;
}): {
  stop(): Promise<void>;
} {
  const stop = new AbortController();
  const running = (async () => {
    while (!stop.signal.aborted) {
      for (const step of deps.steps) {
        try {
          await step.run();
        } catch (error) {
          deps.log.warn({ err: error, step: step.name }, "a reconciler step failed; it runs again");
        }
      }
      await wait(deps.intervalMs, stop.signal);
    }
  })();
  return {
    async stop() {
      stop.abort();
      await running;
    },
  };
}
