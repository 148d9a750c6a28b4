import type { DefaultJobOptions, WorkerOptions } from "bullmq";

/** Done jobs leave nothing behind; the last failed ones stay for an operator to look at. */
export const jobDefaults: DefaultJobOptions = {
  removeOnComplete: true,
  removeOnFail: { count: 1_000 },
  attempts: 10,
  backoff: { type: "exponential", delay: 500 },
};

/**
 * A process that was killed holds its jobs for at most `lockDuration` plus `stalledInterval`; since a job may run twice,
 * being taken over any number of times is no failure. After an outage work resumes within `runRetryDelay`.
 */
export const workerDefaults: Omit<WorkerOptions, "connection" | "concurrency"> = {
  lockDuration: 15_000,
  stalledInterval: 5_000,
  maxStalledCount: 100,
  drainDelay: 5,
  runRetryDelay: 1_000,
};
