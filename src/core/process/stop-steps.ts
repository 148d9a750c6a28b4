import type { Logger } from "./logger.ts";

/** A shutdown in steps, which ends in time even if a dependency does not answer. */
export interface StopSteps {
  /**
   * Waits for a step, at most until a part (0 to 1) of the whole time is over. If a step fails or takes longer, the
   * shutdown continues, and the log records the step.
   * @param name the awaited work, as a plural: "turns under way".
   */
  step(name: string, until: number, task: () => Promise<unknown>): Promise<void>;
  /** Time left until a part of the whole time is over, milliseconds. */
  leftUntil(part: number): number;
  /** Names of the steps that failed or took too long. */
  unfinished(): readonly string[];
}

/** @param totalMs the time for all steps together, from now on. */
export function createStopSteps(totalMs: number, log: Logger): StopSteps {
  const startedAt = performance.now();
  const unfinished: string[] = [];
  const leftUntil = (part: number) => Math.max(0, startedAt + totalMs * part - performance.now());
  return {
    leftUntil,
    unfinished: () => unfinished,
    async step(name, until, task) {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<"late">((resolve) => {
        timer = setTimeout(() => resolve("late"), leftUntil(until));
      });
      const done = (async () => task())().then(
        () => "done" as const,
        (error: unknown) => {
          log.error({ err: error, step: name }, "a step of the stop failed; the stop continues");
          return "failed" as const;
        },
      );
      const outcome = await Promise.race([done, late]);
      clearTimeout(timer);
      if (outcome === "done") return;
      unfinished.push(name);
      if (outcome === "late") log.warn({ step: name }, `the stop goes on without waiting for ${name}`);
    },
  };
}
