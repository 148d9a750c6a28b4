/** Times of the work with messages, milliseconds. Tests use shorter ones. */
export interface WorkTimes {
  leaseMs: number;
  heartbeatMs: number;
  /** After this time of a send, its sender is presumed dead. */
  sendLeaseMs: number;
  sendTimeoutMs: number;
  reconcileMs: number;
  /** A due delivery may wait this long before the reconciler sends it. */
  strandedMs: number;
  /** A stop waits at most this long for turns in progress before it hands them back. */
  stopGraceMs: number;
}

export const WORK_TIMES: WorkTimes = {
  leaseMs: 10_000,
  heartbeatMs: 3_000,
  sendLeaseMs: 60_000,
  sendTimeoutMs: 30_000,
  reconcileMs: 2_000,
  strandedMs: 5_000,
  stopGraceMs: Number.POSITIVE_INFINITY,
};

/** This process, as its leases and claims know it. */
export interface WorkingProcess {
  /** The id of this process in leases and claims. */
  owner: string;
  /** True if this process runs turns and sends. */
  works: boolean;
  /** True if no other process can be alive. Then nothing is leased or claimed when it starts. */
  alone: boolean;
  times: WorkTimes;
  /** Aborts when a stop has no time left. Then all waiting ends. */
  giveUp: AbortSignal;
}
