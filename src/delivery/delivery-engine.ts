import { setMaxListeners } from "node:events";
import type { Channel } from "../channels/channel.ts";
import type { Logger } from "../core/process/logger.ts";
import { createShortLivedMap } from "../core/process/short-lived-map.ts";
import { monotonicMs } from "../core/time/monotonic.ts";
import { wait } from "../core/time/wait.ts";
import { createGroupCommit } from "../storage/group-commit.ts";
import type { AttemptRecord } from "./attempt-repository.ts";
import type { Claim, ClaimedDelivery } from "./claim-repository.ts";
import type { DeliveryRepository } from "./delivery-repository.ts";
import { createSendAttempt, type Hold } from "./send-attempt.ts";
import { createSender, type KeptFiles } from "./send-delivery.ts";
import type { DeskSenderDeps } from "./send-to-desk.ts";

export interface DeliveryEngineDeps {
  repository: DeliveryRepository;
  /** Records an attempt, in one commit with other current attempts. */
  record(record: AttemptRecord): Promise<boolean>;
  channel(channelId: string): Channel | null;
  /** Returns those of the platform's ids that belong to no known delivery. */
  unclaimed(channelId: string, externalIds: readonly string[]): Promise<string[]>;
  /** Files that we keep. */
  files: KeptFiles;
  /** Queues deliveries again; their job runs after `delayMs`. */
  requeue(channelId: string, ids: string[], delayMs: number): Promise<void>;
  /** Pauses the channel's queue, because the whole channel has to wait. */
  pauseQueue(channelId: string, ms: number): Promise<void>;
  /** True if a repeated send with the same delivery id is harmless on this channel. */
  isIdempotent(channelId: string): boolean;
  /** Records other names that the platform has for the user at an address. */
  alsoKnownAs(channelId: string, address: string, names: readonly string[]): Promise<void>;
  /** Records that nothing sent to the user of a session arrives any more. */
  userUnreachable(sessionId: string, why: { code: string; reason: string }): Promise<void>;
  onRecorded(delivery: ClaimedDelivery, record: AttemptRecord, startedAt: Date): void;
  onChannelError(channelId: string, error: string): void;
  /** A delivery to a desk failed, which is shown as the channel's newest error. */
  onDeskError(channelId: string, error: string): void;
  /** The threads of desks. */
  desks: DeskSenderDeps;
  sendTimeoutMs: number;
  /** Duration of a claim. A send begins only if it is sure to end within it. */
  sendLeaseMs: number;
  log: Logger;
}

/** Delay before a delivery checks again if another process is sending in its conversation, milliseconds. */
const RECHECK_MS = 100;
/** Time in which claims also take the deliveries behind, after a job came too early, milliseconds. */
const ALONG_MS = 10 * RECHECK_MS;
/** Time in which the results of sends wait for an unavailable database, milliseconds. */
const PATIENCE_MS = 60_000;
/** Maximum number of jobs whose deliveries are claimed in one statement. */
const CLAIM_BATCH = 16;

/** A pseudo-job. It runs between two claims and returns deliveries whose claim got no answer. */
const NO_JOB: { channelId: string; ids: string[] } = { channelId: "", ids: [] };

/** A conversation (channel and address) with sends in progress in this process. */
interface SendingConversation {
  channelId: string;
  /** Claimed deliveries, in order. */
  claimed: { delivery: ClaimedDelivery; until: number }[];
  /** Deliveries that could not be claimed because of the current sends. They are checked when those sends end. */
  behind: string[];
  done: Promise<void>;
}

export type DeliveryEngine = ReturnType<typeof createDeliveryEngine>;

/** Sends the deliveries that jobs name. The rows decide: a job that runs twice finds nothing left to claim. */
export function createDeliveryEngine(deps: DeliveryEngineDeps) {
  const { log } = deps;
  const conversations = createShortLivedMap<string, SendingConversation>();
  /** Until this time a claim also takes the deliveries behind, because a job came too early a moment ago. */
  let alongUntil = 0;
  /** Conversations whose sends ended since the last claim began. That claim may not have seen the end yet. */
  const doneMeanwhile = new Set<string>();
  /** True after the answer to a claim was lost: nobody sends the deliveries that it claimed. */
  let mayHaveLostClaims = false;
  /** Claimed deliveries without a recorded result: sent, about to be sent, or of unknown outcome. */
  const held = new Set<string>();
  const shutdown = new AbortController();
  // Every current send adds a listener, and Node reports more than ten as a leak.
  setMaxListeners(0, shutdown.signal);
  const sendTimeoutMs = Math.min(deps.sendTimeoutMs, deps.sendLeaseMs / 2);
  const { attempt, putBack, isPaused } = createSendAttempt({
    ...deps,
    send: createSender({
      ...deps,
      desks: { ...deps.desks, opened: (...thread) => patiently(() => deps.desks.opened(...thread)) },
      sendTimeoutMs,
      shutdown: shutdown.signal,
    }),
    patiently,
    settled: (deliveryId) => held.delete(deliveryId),
    requeueSoon: requeue,
  });

  /** Sends the deliveries with these ids. Conversations run in parallel, each one in order. */
  async function deliver(channelId: string, ids: string[]): Promise<void> {
    const { work } = await patiently(() => claim({ channelId, ids }));
    await Promise.all(work);
  }

  /**
   * Repeats a task during an outage of the database. Until the outage ends, only this process knows the platform's
   * answers.
   */
  async function patiently<T>(task: () => Promise<T>): Promise<T> {
    const deadline = monotonicMs() + PATIENCE_MS;
    for (let pause = 100; ; pause = Math.min(2 * pause, 2_000)) {
      try {
        return await task();
      } catch (error) {
        if (shutdown.signal.aborted || monotonicMs() > deadline) throw error;
        log.warn({ err: error }, "the state of deliveries could not be written; trying again");
        await wait(pause, shutdown.signal);
      }
    }
  }

  /**
   * Jobs that arrive together are claimed together. All deliveries claimed for one conversation go to its only runner,
   * whichever job named them. So two jobs can never send into a conversation at the same time.
   */
  const claim = createGroupCommit({
    async run(jobs: { channelId: string; ids: string[] }[]): Promise<{ work: Promise<unknown>[] }[]> {
      doneMeanwhile.clear();
      if (mayHaveLostClaims || jobs.includes(NO_JOB)) await releaseOthers();
      // By the clock that also runs while the machine sleeps, because the lease in the database does.
      const until = Date.now() + deps.sendLeaseMs;
      const ids = jobs.flatMap((job) => job.ids);
      if (ids.length === 0) return jobs.map(() => ({ work: [] }));
      mayHaveLostClaims = true;
      const { claimed, waiting } = await deps.repository.claim(ids, [...held], monotonicMs() < alongUntil);
      mayHaveLostClaims = false;
      const touched = new Map<string, Promise<void>>();
      for (const delivery of claimed) touched.set(delivery.id, addToConversation(delivery, until));
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
    for (const { id, channelId } of await deps.repository.releaseOthers([...held])) {
      const known = channels.get(channelId);
      if (known) known.push(id);
      else channels.set(channelId, [id]);
    }
    mayHaveLostClaims = false;
    for (const [channelId, ids] of channels) {
      log.info({ channel_id: channelId, deliveries: ids }, "deliveries were claimed without an answer");
      void requeue(channelId, ids, 0);
    }
  }

  function addToConversation(delivery: ClaimedDelivery, until: number): Promise<void> {
    held.add(delivery.id);
    const key = `${delivery.channelId}/${delivery.address}`;
    const known = conversations.get(key);
    if (known) {
      known.claimed.push({ delivery, until });
      return known.done;
    }
    const { channelId } = delivery;
    const conversation: SendingConversation = {
      channelId,
      claimed: [{ delivery, until }],
      behind: [],
      done: Promise.resolve(),
    };
    conversations.set(key, conversation);
    conversation.done = sendInOrder(key, conversation);
    return conversation.done;
  }

  /**
   * Handles deliveries that cannot go now. Behind a send of this process they go when it ends; otherwise they check
   * again later.
   */
  function later(channelId: string, blocked: Claim["waiting"]): Promise<unknown>[] {
    const delayed = new Map<number, string[]>();
    const again: string[] = [];
    for (const { id, address, retryInMs } of blocked) {
      const key = `${channelId}/${address}`;
      const conversation = retryInMs === 0 ? conversations.get(key) : undefined;
      if (conversation) conversation.behind.push(id);
      else if (retryInMs === 0 && doneMeanwhile.has(key)) again.push(id);
      else delayed.set(retryInMs, [...(delayed.get(retryInMs) ?? []), id]);
    }
    if (delayed.has(0)) alongUntil = monotonicMs() + ALONG_MS;
    return [
      ...(again.length > 0 ? [deliver(channelId, again)] : []),
      ...[...delayed].map(([ms, ids]) => requeue(channelId, ids, Math.max(ms, RECHECK_MS))),
    ];
  }

  async function sendInOrder(key: string, conversation: SendingConversation): Promise<void> {
    // The other deliveries of the same claim join this conversation before the first send.
    await Promise.resolve();
    let hold: Hold | null = null;
    /** New addresses of sessions that one of these sends moved. Later deliveries of the session go there. */
    const began = new Map<string, string>();
    try {
      for (let next = conversation.claimed.shift(); next; next = conversation.claimed.shift()) {
        const late = Date.now() + sendTimeoutMs > next.until;
        if (late || shutdown.signal.aborted || isPaused(conversation.channelId)) hold ??= { address: null };
        const elsewhere = began.get(next.delivery.sessionId ?? "") ?? null;
        if (hold || elsewhere !== null)
          await putBack(next.delivery, { address: elsewhere ?? hold?.address ?? null }, RECHECK_MS);
        else hold = await attempt(conversation.channelId, next.delivery, began);
      }
    } finally {
      conversations.delete(key);
      doneMeanwhile.add(key);
      // Deliveries remain here only after an error. They were never sent, so another run of the job may claim them.
      for (const { delivery } of conversation.claimed) held.delete(delivery.id);
      if (conversation.behind.length > 0 && !shutdown.signal.aborted)
        await deliver(conversation.channelId, conversation.behind);
    }
  }

  /** Nothing is lost if the queue fails: the reconciler finds rows that no job handles. */
  async function requeue(channelId: string, ids: string[], delayMs: number): Promise<void> {
    if (shutdown.signal.aborted) return;
    await deps.requeue(channelId, ids, delayMs).catch((error: unknown) => {
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
      await Promise.allSettled(conversations.values().map((conversation) => conversation.done));
    },
  };
}
