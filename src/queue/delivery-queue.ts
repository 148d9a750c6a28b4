import type { Logger } from "../core/process/logger.ts";
import type { QueueBackend } from "./queue-backend.ts";

/** A job that names deliveries to send, by id. The rows in the database hold everything else. */
export interface DeliveryJob {
  deliveryIds: string[];
}

/**
 * Maximum number of deliveries in one job. Replies committed together share a job. Larger jobs mean fewer of them; this
 * size still leaves enough to share the work.
 */
const JOB_SIZE = 10;
/**
 * Jobs that a process runs at once, per channel. A job lasts until the platform has accepted its sends. With fewer
 * jobs, a few conversations with hanging sends would block all others of the channel.
 */
const CONCURRENCY = 32;

export interface DeliveryQueues {
  /** Puts committed deliveries on their channel's queue, together with others of the same event-loop turn. */
  enqueue(channelId: string, deliveryIds: readonly string[]): void;
  /** The same, after a delay. */
  enqueueLater(channelId: string, deliveryIds: readonly string[], delayMs: number): Promise<void>;
  /** Stops new jobs of the channel on every process for this time. */
  pause(channelId: string, ms: number): Promise<void>;
  /** Starts a worker for a channel's queue. */
  work(channelId: string, handle: (channelId: string, deliveryIds: string[]) => Promise<void>): void;
  /** Waits until all deliveries passed to `enqueue` are on their queue. */
  flush(): Promise<void>;
}

/** Creates one queue per channel. So an outage or a rate limit of one platform does not delay the others. */
export function createDeliveryQueues(backend: QueueBackend, log: Logger): DeliveryQueues {
  const waiting = new Map<string, string[]>();
  const underWay = new Set<Promise<void>>();
  const queueOf = (channelId: string) => backend.queue<DeliveryJob>(`deliveries-${channelId}`);

  function send(): void {
    const batches = [...waiting];
    waiting.clear();
    for (const [channelId, ids] of batches) {
      const sending = addJobs(channelId, ids, 0)
        // No delivery is lost: the reconciler enqueues rows again that no job handles.
        .catch((error: unknown) =>
          log.warn({ err: error, channel_id: channelId }, "could not enqueue deliveries"),
        )
        .finally(() => underWay.delete(sending));
      underWay.add(sending);
    }
  }

  async function addJobs(channelId: string, ids: readonly string[], delay: number): Promise<void> {
    const jobs = [];
    for (let start = 0; start < ids.length; start += JOB_SIZE) {
      const data = { deliveryIds: ids.slice(start, start + JOB_SIZE) };
      jobs.push({ name: "deliver", data, opts: delay > 0 ? { delay } : {} });
    }
    await queueOf(channelId).addBulk(jobs);
  }

  return {
    enqueue(channelId, deliveryIds) {
      if (waiting.size === 0) setImmediate(send);
      const known = waiting.get(channelId);
      if (known) known.push(...deliveryIds);
      else waiting.set(channelId, [...deliveryIds]);
    },
    enqueueLater: (channelId, deliveryIds, delayMs) => addJobs(channelId, deliveryIds, Math.max(1, delayMs)),
    async pause(channelId, ms) {
      await queueOf(channelId).rateLimit(ms);
    },
    work(channelId, handle) {
      backend.worker<DeliveryJob>(
        `deliveries-${channelId}`,
        (job) => handle(channelId, job.data.deliveryIds),
        { concurrency: CONCURRENCY },
      );
    },
    async flush() {
      if (waiting.size > 0) send();
      await Promise.allSettled([...underWay]);
    },
  };
}
