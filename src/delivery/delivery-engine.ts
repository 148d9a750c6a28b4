import { setMaxListeners } from "node:events";
import type { Channel } from "../channels/channel.ts";
import type { Logger } from "../core/process/logger.ts";
import { monotonicMs } from "../core/time/monotonic.ts";
import { createGroupCommit } from "../storage/group-commit.ts";
import type { AttemptRecord } from "./attempt-repository.ts";
import type { Claim, ClaimedDelivery } from "./claim-repository.ts";
import type { DeliveryRepository } from "./delivery-repository.ts";
import { createPatience } from "./patience.ts";
import { createSendAttempt } from "./send-attempt.ts";
import { createSender, type KeptFiles } from "./send-delivery.ts";
import type { DeskSenderDeps } from "./send-to-desk.ts";
import { createSendingConversations } from "./sending-conversations.ts";

export interface DeliveryEngineDeps {
  rows: {
    deliveries: DeliveryRepository;
    /** Records an attempt, in one commit with other current attempts. */
    record(record: AttemptRecord): Promise<boolean>;
    /** Returns those of the platform's ids that belong to no known delivery. */
    unclaimed(channelId: string, externalIds: readonly string[]): Promise<string[]>;
    /** Records other names that the platform has for the user at an address. */
    alsoKnownAs(channelId: string, address: string, names: readonly string[]): Promise<void>;
    /** Records that nothing sent to the user of a session arrives any more. */
    userUnreachable(sessionId: string, why: { code: string; reason: string }): Promise<void>;
  };
  platforms: {
    channel(channelId: string): Channel | null;
    /** True if a repeated send with the same delivery id is harmless on this channel. */
    isIdempotent(channelId: string): boolean;
    /** Files that we keep. */
    files: KeptFiles;
    /** The threads of desks. */
    desks: DeskSenderDeps;
  };
  queues: {
    /** Queues deliveries again; their job runs after `delayMs`. */
    requeue(channelId: string, ids: string[], delayMs: number): Promise<void>;
    /** Pauses the channel's queue, because the whole channel has to wait. */
    pauseQueue(channelId: string, ms: number): Promise<void>;
  };
  on: {
    recorded(delivery: ClaimedDelivery, record: AttemptRecord, startedAt: Date): void;
    channelError(channelId: string, error: string): void;
    /** A delivery to a desk failed, which is shown as the channel's newest error. */
    deskError(channelId: string, error: string): void;
  };
  times: {
    sendTimeoutMs: number;
    /** Duration of a claim. A send begins only if it is sure to end within it. */
    sendLeaseMs: number;
  };
  log: Logger;
}

/** Delay before a delivery checks again if another process is sending in its conversation, milliseconds. */
const RECHECK_MS = 100;
/** Time in which claims also take the deliveries behind, after a job came too early, milliseconds. */
const ALONG_MS = 10 * RECHECK_MS;
/** Maximum number of jobs whose deliveries are claimed in one statement. */
const CLAIM_BATCH = 16;

/** A pseudo-job. It runs between two claims and returns deliveries whose claim got no answer. */
const NO_JOB: { channelId: string; ids: string[] } = { channelId: "", ids: [] };

export type DeliveryEngine = ReturnType<typeof createDeliveryEngine>;

/** Sends the deliveries that jobs name. The rows decide: a job that runs twice finds nothing left to claim. */
export function createDeliveryEngine(deps: DeliveryEngineDeps) {
  const { log } = deps;
  /** Until this time a claim also takes the deliveries behind, because a job came too early a moment ago. */
  let alongUntil = 0;
  /** True after the answer to a claim was lost: nobody sends the deliveries that it claimed. */
  let mayHaveLostClaims = false;
  /** Claimed deliveries without a recorded result: sent, about to be sent, or of unknown outcome. */
  const held = new Set<string>();
  const shutdown = new AbortController();
  // Every current send adds a listener, and Node reports more than ten as a leak.
  setMaxListeners(0, shutdown.signal);
  const sendTimeoutMs = Math.min(deps.times.sendTimeoutMs, deps.times.sendLeaseMs / 2);
  const patiently = createPatience(shutdown.signal, log);
  const { desks } = deps.platforms;
  const opened: typeof desks.opened = (...thread) => patiently(() => desks.opened(...thread));
  const send = createSender({
    platforms: { ...deps.platforms, desks: { ...desks, opened } },
    unclaimed: deps.rows.unclaimed,
    sendTimeoutMs,
    shutdown: shutdown.signal,
    log,
  });
  const conversations = createSendingConversations({
    attempts: createSendAttempt({
      engine: deps,
      send,
      patiently,
      settled: (deliveryId) => held.delete(deliveryId),
      requeueSoon: requeue,
    }),
    deliver,
    held,
    recheckMs: RECHECK_MS,
    sendTimeoutMs,
    shutdown: shutdown.signal,
  });

  /** Sends the deliveries with these ids. Conversations run in parallel, each one in order. */
  async function deliver(channelId: string, ids: string[]): Promise<void> {
    const { work } = await patiently(() => claim({ channelId, ids }));
    await Promise.all(work);
  }

  /**
   * Jobs that arrive together are claimed together. All deliveries claimed for one conversation go to its only runner,
   * whichever job named them. So two jobs can never send into a conversation at the same time.
   */
  const claim = createGroupCommit({
    async run(jobs: { channelId: string; ids: string[] }[]): Promise<{ work: Promise<unknown>[] }[]> {
      conversations.beforeClaim();
      if (mayHaveLostClaims || jobs.includes(NO_JOB)) await releaseOthers();
      // By the clock that also runs while the machine sleeps, because the lease in the database does.
      const until = Date.now() + deps.times.sendLeaseMs;
      const ids = jobs.flatMap((job) => job.ids);
      if (ids.length === 0) return jobs.map(() => ({ work: [] }));
      mayHaveLostClaims = true;
      const { claimed, waiting } = await deps.rows.deliveries.claim(
        ids,
        [...held],
        monotonicMs() < alongUntil,
      );
      mayHaveLostClaims = false;
      const touched = new Map<string, Promise<void>>();
      for (const delivery of claimed) touched.set(delivery.id, conversations.add(delivery, until));
      const waits = new Map(waiting.map((behind) => [behind.id, behind]));
      // Some deliveries may belong to none of these jobs. One job must wait for them, so that the process does not end
      // earlier.
      const unnamed = new Map(touched);
      for (const id of ids) unnamed.delete(id);
      return jobs.map((job, index) => {
        const blocked = job.ids.flatMap((id) => waits.get(id) ?? []);
        const sends = job.ids.flatMap((id) => touched.get(id) ?? []);
        if (index === 0) sends.push(...unnamed.values());
        return { work: [...new Set(sends), ...later(job.channelId, blocked)] };
      });
    },
    maxBatch: CLAIM_BATCH,
    partitions: 1,
  });

  /** Returns deliveries whose claim got no answer to the queue. This process never sent them. */
  async function releaseOthers(): Promise<void> {
    const channels = new Map<string, string[]>();
    for (const { id, channelId } of await deps.rows.deliveries.releaseOthers([...held])) {
      const known = channels.get(channelId);
      if (known) known.push(id);
      else channels.set(channelId, [id]);
    }
    mayHaveLostClaims = false;
    for (const [channelId, ids] of channels) {
      log.info(
        { channel_id: channelId, deliveries: ids },
        "deliveries were claimed, but the answer of the database was lost",
      );
      void requeue(channelId, ids, 0);
    }
  }

  /**
   * Handles deliveries that cannot go now. Behind a send of this process they go when it ends; otherwise they check
   * again later.
   */
  function later(channelId: string, blocked: Claim["waiting"]): Promise<unknown>[] {
    const delayed = new Map<number, string[]>();
    const again: string[] = [];
    for (const { id, address, retryInMs } of blocked) {
      const place = retryInMs === 0 ? conversations.waitBehind(channelId, address, id) : "idle";
      if (place === "ended") again.push(id);
      else if (place === "idle") delayed.set(retryInMs, [...(delayed.get(retryInMs) ?? []), id]);
    }
    if (delayed.has(0)) alongUntil = monotonicMs() + ALONG_MS;
    return [
      ...(again.length > 0 ? [deliver(channelId, again)] : []),
      ...[...delayed].map(([ms, ids]) => requeue(channelId, ids, Math.max(ms, RECHECK_MS))),
    ];
  }

  /** Nothing is lost if the queue fails: the reconciler finds rows that no job handles. */
  async function requeue(channelId: string, ids: string[], delayMs: number): Promise<void> {
    if (shutdown.signal.aborted) return;
    await deps.queues.requeue(channelId, ids, delayMs).catch((error: unknown) => {
      log.warn({ err: error, channel_id: channelId }, "could not enqueue deliveries again");
    });
  }

  return {
    deliver,
    /** Returns deliveries whose claim got no answer, even if that claim was committed late. */
    async recover(): Promise<void> {
      await claim(NO_JOB);
    },
    /** Ends the current sends, whose outcome is then unknown, and returns the other deliveries to the queue. */
    async drain(): Promise<void> {
      shutdown.abort();
      await conversations.ended();
    },
  };
}
