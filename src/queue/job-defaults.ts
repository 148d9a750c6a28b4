import type { DefaultJobOptions, WorkerOptions } from "bullmq";

/** Deletes completed jobs. Keeps the last 1,000 failed jobs, so that an operator can inspect them. */
export const jobDefaults: DefaultJobOptions = {
  removeOnComplete: true,
  removeOnFail: { count: 1_000 },
  attempts: 10,
  backoff: { type: "exponential", delay: 500 },
};

/**
 * A killed process keeps its jobs for at most `lockDuration` plus `stalledInterval`. A job may run twice, so any number
 * of takeovers is not a failure. After an outage, work resumes within `runRetryDelay`.
 */
export const workerDefaults: Omit<WorkerOptions, "connection" | "concurrency"> = {
  lockDuration: 15_000,
  stalledInterval: 5_000,
  maxStalledCount: 100,
  drainDelay: 5,
  runRetryDelay: 1_000,
};
