import { setMaxListeners } from "node:events";
import type { Channel } from "../channels/channel.ts";
import type { Logger } from "../core/process/logger.ts";
import type { AttemptRecord } from "./attempt-repository.ts";
import { createClaimJobs, RECHECK_MS } from "./claim-jobs.ts";
import type { ClaimedDelivery } from "./claim-repository.ts";
import { createCommitClaims } from "./commit-claims.ts";
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

export type DeliveryEngine = ReturnType<typeof createDeliveryEngine>;

/** Sends the deliveries that jobs name. The rows decide: a job that runs twice finds nothing left to claim. */
export function createDeliveryEngine(deps: DeliveryEngineDeps) {
  const { log } = deps;
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
  const settled = (deliveryId: string) => void held.delete(deliveryId);
  const attempts = createSendAttempt({ engine: deps, send, patiently, settled, requeueSoon: requeue });
  const conversations = createSendingConversations({
    attempts,
    deliver,
    held,
    recheckMs: RECHECK_MS,
    sendTimeoutMs,
    shutdown: shutdown.signal,
  });
  const jobs = createClaimJobs({
    deliveries: deps.rows.deliveries,
    conversations,
    held,
    again: { now: deliver, later: requeue },
    sendLeaseMs: deps.times.sendLeaseMs,
    log,
  });

  const committed = createCommitClaims({
    conversations,
    held,
    maySend: (channelId) => !attempts.isPaused(channelId) && !jobs.isTakingBack(),
    shutdown: shutdown.signal,
    sendLeaseMs: deps.times.sendLeaseMs,
  });

  /** Sends the deliveries with these ids. Conversations run in parallel, each one in order. */
  async function deliver(channelId: string, ids: string[]): Promise<void> {
    const { work } = await patiently(() => jobs.claim(channelId, ids));
    await Promise.all(work);
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
    recover: jobs.recover,
    committed,
    /** Ends the current sends, whose outcome is then unknown, and returns the other deliveries to the queue. */
    async drain(): Promise<void> {
      shutdown.abort();
      await conversations.ended();
    },
  };
}
