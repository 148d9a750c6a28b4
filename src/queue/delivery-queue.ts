import type { Logger } from "../core/logger.ts";
import type { QueueBackend } from "./queue-backend.ts";

/** Names rows that wait to be sent; the rows hold everything else. */
export interface DeliveryJob {
  deliveryIds: string[];
}

/** Replies committed together travel in one job, up to so many: fewer jobs, yet enough of them to share the work. */
const JOB_SIZE = 10;
/**
 * Jobs a process works on at once, per channel: each lasts as long as the platform takes for its sends, so with fewer of
 * them a few conversations whose sends hang would hold up all others of their channel.
 */
const CONCURRENCY = 32;

export interface DeliveryQueues {
  /** Puts committed deliveries on their channel's queue, together with others of the same moment. */
  enqueue(channelId: string, deliveryIds: readonly string[]): void;
  /** The same for ones that have to wait. */
  enqueueLater(channelId: string, deliveryIds: readonly string[], delayMs: number): Promise<void>;
  /** No job of the channel starts on any process for so long. */
  pause(channelId: string, ms: number): Promise<void>;
  /** Starts working on a channel's queue. */
  work(channelId: string, handle: (channelId: string, deliveryIds: string[]) => Promise<void>): void;
  /** Waits until everything handed to `enqueue` is on its queue. */
  flush(): Promise<void>;
}

/** One queue per channel, so that the outage or rate limit of one platform holds up no other. */
export function createDeliveryQueues(backend: QueueBackend, log: Logger): DeliveryQueues {
  const waiting = new Map<string, string[]>();
  const underWay = new Set<Promise<void>>();
  const queueOf = (channelId: string) => backend.queue<DeliveryJob>(`deliveries-${channelId}`);

  function send(): void {
    const batches = [...waiting];
    waiting.clear();
    for (const [channelId, ids] of batches) {
      const sending = addJobs(channelId, ids, 0)
        // Nothing is lost: the reconciler puts rows that no job moves on a queue again.
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
