import { setMaxListeners } from "node:events";
import type { Channel } from "../channels/channel.ts";
import type { Logger } from "../core/logger.ts";
import type { SendResult } from "../core/outbound.ts";
import { createPassingMap } from "../core/passing-map.ts";
import { wait } from "../core/wait.ts";
import { createGroupCommit } from "../storage/group-commit.ts";
import type { AttemptRecord, Claim, ClaimedDelivery, DeliveryRepository } from "./delivery-repository.ts";
import { decideRetry, RETRY_RULES } from "./retry-decision.ts";
import { createSender } from "./send-delivery.ts";

export interface DeliveryEngineDeps {
  repository: DeliveryRepository;
  /** Records an attempt, committed with others under way. */
  record(record: AttemptRecord): Promise<boolean>;
  channel(channelId: string): Channel | null;
  /** Those of the platform's ids that no delivery is known by. */
  unclaimed(channelId: string, externalIds: readonly string[]): Promise<string[]>;
  /** Puts deliveries on the queue again, to be looked at after `delayMs`. */
  requeue(channelId: string, ids: string[], delayMs: number): Promise<void>;
  /** The whole channel has to wait: tells the queue. */
  pauseQueue(channelId: string, ms: number): Promise<void>;
  /** Nothing sent to the user of a session arrives any more. */
  userUnreachable(sessionId: string, why: { code: string; reason: string }): Promise<void>;
  onRecorded(delivery: ClaimedDelivery, record: AttemptRecord): void;
  onChannelError(channelId: string, error: string | null): void;
  sendTimeoutMs: number;
  /** How long a claim holds; a send begins only while it is sure to end within it. */
  sendLeaseMs: number;
  log: Logger;
}

/** How long a delivery behind a busy lane of another process waits before it looks again, milliseconds. */
const LANE_RECHECK_MS = 100;
/** For how long claims take along what stands behind, after something came too early, milliseconds. */
const ALONG_MS = 10 * LANE_RECHECK_MS;
/** How long what is known of deliveries waits for a database that is away, milliseconds. */
const PATIENCE_MS = 60_000;
/** Jobs whose deliveries are claimed in one statement. */
const CLAIM_BATCH = 16;

/** A conversation with sends under way in this process. */
interface SendingLane {
  channelId: string;
  /** Claimed, in order. */
  claimed: { delivery: ClaimedDelivery; until: number }[];
  /** Could not be claimed because of the ones under way: looked at when those are done. */
  behind: string[];
  done: Promise<void>;
}

/** Why the rest of a lane goes back unsent; with the conversation's new address where it moved. */
interface Hold {
  address: string | null;
}

/** Sends what jobs name. Rows are the truth: a job that runs twice finds nothing left to claim. */
export function createDeliveryEngine(deps: DeliveryEngineDeps) {
  const { log } = deps;
  const lanes = createPassingMap<string, SendingLane>();
  /** Until when a claim takes along what stands behind: something has come too early a moment ago. */
  let alongUntil = 0;
  /** Lanes that were done since the last claim began: it may not have seen that yet. */
  const doneMeanwhile = new Set<string>();
  /** Claimed and not recorded: sent, about to be, or of unknown outcome. */
  const inHand = new Set<string>();
  /** Channels that have to wait, and until when: what was claimed before the platform said so waits as well. */
  const pausedUntil = new Map<string, number>();
  const shutdown = new AbortController();
  // Every send under way listens, and Node would take more than ten for a leak.
  setMaxListeners(0, shutdown.signal);
  const sendTimeoutMs = Math.min(deps.sendTimeoutMs, deps.sendLeaseMs / 2);
  const send = createSender({ ...deps, sendTimeoutMs, shutdown: shutdown.signal });

  /** Sends the deliveries with these ids, lanes in parallel, each lane in order. */
  async function deliver(channelId: string, ids: string[]): Promise<void> {
    const { work } = await patiently(() => claim({ channelId, ids }));
    await Promise.all(work);
  }

  /** Outlasts an outage of the database: until it is over, only this process knows what the platform answered. */
  async function patiently<T>(task: () => Promise<T>): Promise<T> {
    const deadline = Date.now() + PATIENCE_MS;
    for (let pause = 100; ; pause = Math.min(2 * pause, 2_000)) {
      try {
        return await task();
      } catch (error) {
        if (shutdown.signal.aborted || Date.now() > deadline) throw error;
        log.warn({ err: error }, "the state of deliveries could not be written; trying again");
        await wait(pause, shutdown.signal);
      }
    }
  }

  /**
   * Jobs that arrive together are claimed together, and everything claimed for one lane goes to that lane's one
   * runner, whichever job named it: two jobs can never send into a conversation at the same time.
   */
  const claim = createGroupCommit({
    async run(jobs: { channelId: string; ids: string[] }[]): Promise<{ work: Promise<unknown>[] }[]> {
      doneMeanwhile.clear();
      const until = Date.now() + deps.sendLeaseMs;
      const ids = jobs.flatMap((job) => job.ids);
      const { claimed, waiting } = await deps.repository.claim(ids, [...inHand], Date.now() < alongUntil);
      const touched = new Map<string, Promise<void>>();
      for (const delivery of claimed) touched.set(delivery.id, addToLane(delivery, until));
      const waits = new Map(waiting.map((behind) => [behind.id, behind]));
      // Some may be of no job here; somebody has to wait for them before this process may end.
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
    lanes: 1,
  });

  function addToLane(delivery: ClaimedDelivery, until: number): Promise<void> {
    inHand.add(delivery.id);
    const key = `${delivery.channelId}/${delivery.address}`;
    const known = lanes.get(key);
    if (known) {
      known.claimed.push({ delivery, until });
      return known.done;
    }
    const { channelId } = delivery;
    const lane: SendingLane = {
      channelId,
      claimed: [{ delivery, until }],
      behind: [],
      done: Promise.resolve(),
    };
    lanes.set(key, lane);
    lane.done = runLane(key, lane);
    return lane.done;
  }

  /** What cannot go now: behind a send of this process it goes when that is done, else it looks again later. */
  function later(channelId: string, blocked: Claim["waiting"]): Promise<unknown>[] {
    const delayed = new Map<number, string[]>();
    const again: string[] = [];
    for (const { id, address, retryInMs } of blocked) {
      const key = `${channelId}/${address}`;
      const lane = retryInMs === 0 ? lanes.get(key) : undefined;
      if (lane) lane.behind.push(id);
      else if (retryInMs === 0 && doneMeanwhile.has(key)) again.push(id);
      else delayed.set(retryInMs, [...(delayed.get(retryInMs) ?? []), id]);
    }
    if (delayed.has(0)) alongUntil = Date.now() + ALONG_MS;
    return [
      ...(again.length > 0 ? [deliver(channelId, again)] : []),
      ...[...delayed].map(([ms, ids]) => requeue(channelId, ids, Math.max(ms, LANE_RECHECK_MS))),
    ];
  }

  async function runLane(key: string, lane: SendingLane): Promise<void> {
    // Whatever else the same claim brought for this lane is added before the first send.
    await Promise.resolve();
    let hold: Hold | null = null;
    try {
      for (let next = lane.claimed.shift(); next; next = lane.claimed.shift()) {
        const late = Date.now() + sendTimeoutMs > next.until;
        if (late || isPaused(lane.channelId)) hold ??= { address: null };
        if (hold) await putBack(next.delivery, hold);
        else hold = await attempt(lane.channelId, next.delivery);
      }
    } finally {
      lanes.delete(key);
      doneMeanwhile.add(key);
      // Left over only where something went wrong: never sent, so whoever tries this job again may claim them.
      for (const { delivery } of lane.claimed) inHand.delete(delivery.id);
      if (lane.behind.length > 0) await deliver(lane.channelId, lane.behind);
    }
  }

  function isPaused(channelId: string): boolean {
    return (pausedUntil.get(channelId) ?? 0) > Date.now();
  }

  /** One send. A hold where this delivery is to be tried again before the ones behind it. */
  async function attempt(channelId: string, delivery: ClaimedDelivery): Promise<Hold | null> {
    const result = await send(channelId, delivery);
    if ("scope" in result && result.scope === "channel") pauseHere(channelId, result);
    const decision = decideRetry(result, delivery.attempts, RETRY_RULES, Math.random);
    const { once = false } = result;
    const record: AttemptRecord = { id: delivery.id, attempts: delivery.attempts, ...decision, once };
    if (result.kind === "moved") {
      const { address } = result;
      await patiently(() => deps.repository.moveAddress(channelId, delivery.address, address));
    }
    if (result.kind === "sent" && result.began !== undefined) {
      const { began } = result;
      await patiently(() => deps.repository.nameConversation(delivery.sessionId, began));
    }
    if (result.kind === "failed" && result.scope === "user") {
      await patiently(() => deps.userUnreachable(delivery.sessionId, result));
    }
    const recorded = await patiently(() => deps.record(record));
    inHand.delete(delivery.id);
    const ids = { delivery_id: delivery.id, session_id: delivery.sessionId, message_id: delivery.messageId };
    if (!recorded) {
      // Or it was recorded, and only the database's answer was lost: then what is to be tried again holds the lane.
      log.warn(ids, "a delivery was taken over while it was being sent");
      return record.retryInMs === null ? null : { address: record.address };
    }
    deps.onRecorded(delivery, record);
    if (result.kind === "sent") log.debug({ ...ids, external_ids: record.externalIds }, "delivered");
    else
      log.warn({ ...ids, outcome: result.kind, status: record.status, error: record.error }, "not delivered");
    if ("scope" in result && result.scope === "channel") await stopChannel(channelId, result);
    // What stands behind it waits for the user as well.
    if (result.kind === "parked") return { address: null };
    if (record.retryInMs === null) return null;
    await requeue(channelId, [delivery.id], record.retryInMs);
    return { address: record.address };
  }

  /** Without the queue nothing is lost: the reconciler finds rows that no job moves. */
  async function requeue(channelId: string, ids: string[], delayMs: number): Promise<void> {
    await deps.requeue(channelId, ids, delayMs).catch((error: unknown) => {
      log.warn({ err: error, channel_id: channelId }, "could not enqueue deliveries again");
    });
  }

  /** At once, before anything is written: the next send of another conversation may be a moment away. */
  function pauseHere(channelId: string, result: Extract<SendResult, { scope: unknown }>): void {
    const ms = result.kind === "retry" ? (result.afterMs ?? 0) : 0;
    if (ms > 0) pausedUntil.set(channelId, Math.max(pausedUntil.get(channelId) ?? 0, Date.now() + ms));
  }

  async function stopChannel(
    channelId: string,
    result: Extract<SendResult, { scope: unknown }>,
  ): Promise<void> {
    deps.onChannelError(channelId, result.reason);
    const ms = result.kind === "retry" ? (result.afterMs ?? 0) : 0;
    if (ms <= 0) return;
    await deps.repository.pauseChannel(channelId, ms);
    await deps.pauseQueue(channelId, ms);
  }

  /** Not sent after all: it goes back behind the one that failed, uncounted. */
  async function putBack(delivery: ClaimedDelivery, hold: Hold): Promise<void> {
    const record: AttemptRecord = {
      id: delivery.id,
      attempts: delivery.attempts,
      status: "queued",
      externalIds: [],
      errorCode: null,
      error: null,
      retryInMs: 0,
      address: hold.address,
      uncounted: true,
    };
    await patiently(() => deps.record(record));
    inHand.delete(delivery.id);
    await requeue(delivery.channelId, [delivery.id], LANE_RECHECK_MS);
  }

  return { deliver, stop: () => shutdown.abort() };
}
