import type { Logger } from "../core/process/logger.ts";
import type { QueueBackend } from "./queue-backend.ts";

/** A job that names deliveries to send, by id. The rows in the database hold everything else. */
export interface DeliveryJob {
  deliveryIds: string[];
  /** The process that claimed them when they were committed. Absent: the job has to claim them. */
  claimedBy?: string;
}

/**
 * Maximum number of deliveries in one job. Replies committed together share a job. Larger jobs mean fewer of them; this
 * size still leaves enough to share the work.
 */
const JOB_SIZE = 10;
/** The same for deliveries that are already being sent. Their job shares no work. */
const CLAIMED_JOB_SIZE = 100;
/**
 * Jobs that a process runs at once, per channel. A job lasts until the platform has accepted its sends. With fewer
 * jobs, a few conversations with hanging sends would block all others of the channel.
 */
const CONCURRENCY = 32;

export interface DeliveryQueues {
  /**
   * Puts committed deliveries on their channel's queue, together with others of the same event-loop turn.
   * @param claimedBy the process that is already sending them.
   */
  enqueue(channelId: string, deliveryIds: readonly string[], claimedBy?: string | null): void;
  /** The same, after a delay. */
  enqueueLater(channelId: string, deliveryIds: readonly string[], delayMs: number): Promise<void>;
  /** Stops new jobs of the channel on every process for this time. */
  pause(channelId: string, ms: number): Promise<void>;
  /** Starts a worker for a channel's queue. */
  work(channelId: string, handle: (channelId: string, job: DeliveryJob) => Promise<void>): void;
  /** Waits until all deliveries passed to `enqueue` are on their queue. */
  flush(): Promise<void>;
}

/** Creates one queue per channel. So an outage or a rate limit of one platform does not delay the others. */
export function createDeliveryQueues(backend: QueueBackend, log: Logger): DeliveryQueues {
  const waiting = new Map<string, { channelId: string; ids: string[]; claimedBy: string | null }>();
  const underWay = new Set<Promise<void>>();
  const queueOf = (channelId: string) => backend.queue<DeliveryJob>(`deliveries-${channelId}`);

  function send(): void {
    const batches = [...waiting.values()];
    waiting.clear();
    for (const { channelId, ids, claimedBy } of batches) {
      const jobs = claimedBy === null ? jobsOf(ids) : jobsOf(ids, CLAIMED_JOB_SIZE, { claimedBy });
      const sending = addJobs(channelId, jobs, 0)
        // No delivery is lost: the reconciler enqueues rows again that no job handles.
        .catch((error: unknown) =>
          log.warn({ err: error, channel_id: channelId }, "could not enqueue deliveries"),
        )
        .finally(() => underWay.delete(sending));
      underWay.add(sending);
    }
  }

  async function addJobs(channelId: string, jobs: readonly DeliveryJob[], delay: number): Promise<void> {
    const opts = delay > 0 ? { delay } : {};
    await queueOf(channelId).addBulk(jobs.map((data) => ({ name: "deliver", data, opts })));
  }

  return {
    enqueue(channelId, deliveryIds, claimedBy = null) {
      if (waiting.size === 0) setImmediate(send);
      const key = `${channelId}/${claimedBy ?? ""}`;
      const known = waiting.get(key);
      if (known) known.ids.push(...deliveryIds);
      else waiting.set(key, { channelId, ids: [...deliveryIds], claimedBy });
    },
    enqueueLater: (channelId, deliveryIds, delayMs) =>
      addJobs(channelId, jobsOf(deliveryIds), Math.max(1, delayMs)),
    async pause(channelId, ms) {
      await queueOf(channelId).rateLimit(ms);
    },
    work(channelId, handle) {
      backend.worker<DeliveryJob>(`deliveries-${channelId}`, (job) => handle(channelId, job.data), {
        concurrency: CONCURRENCY,
      });
    },
    async flush() {
      if (waiting.size > 0) send();
      await Promise.allSettled([...underWay]);
    },
  };
}

function jobsOf(
  ids: readonly string[],
  size = JOB_SIZE,
  more: Omit<DeliveryJob, "deliveryIds"> = {},
): DeliveryJob[] {
  const jobs = [];
  for (let start = 0; start < ids.length; start += size) {
    jobs.push({ deliveryIds: ids.slice(start, start + size), ...more });
  }
  return jobs;
}
