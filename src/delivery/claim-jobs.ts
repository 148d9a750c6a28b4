import type { Logger } from "../core/process/logger.ts";
import { monotonicMs } from "../core/time/monotonic.ts";
import { createGroupCommit } from "../storage/group-commit.ts";
import type { Claim } from "./claim-repository.ts";
import type { DeliveryRepository } from "./delivery-repository.ts";
import type { SendingConversations } from "./sending-conversations.ts";

/** A job: deliveries of one channel that are to be sent. */
interface Job {
  channelId: string;
  ids: string[];
}

export interface ClaimJobsDeps {
  deliveries: Pick<DeliveryRepository, "claim" | "releaseOthers">;
  conversations: SendingConversations;
  /** Claimed deliveries without a recorded result. */
  held: ReadonlySet<string>;
  /** Sends deliveries again: at once, or after a delay. */
  again: {
    now(channelId: string, ids: string[]): Promise<void>;
    later(channelId: string, ids: string[], delayMs: number): Promise<void>;
  };
  /** Duration of a claim. */
  sendLeaseMs: number;
  log: Logger;
}

/** Delay before a delivery checks again if another process is sending in its conversation, milliseconds. */
export const RECHECK_MS = 100;
/** Time in which claims also take the deliveries behind, after a job came too early, milliseconds. */
const ALONG_MS = 10 * RECHECK_MS;
/** Maximum number of jobs whose deliveries are claimed in one statement. */
const CLAIM_BATCH = 16;

/** A pseudo-job. It runs between two claims and returns deliveries whose claim got no answer. */
const NO_JOB: Job = { channelId: "", ids: [] };

/**
 * Claims the deliveries of jobs, and hands them to their conversations. Jobs that arrive together are claimed together.
 * All deliveries claimed for one conversation go to its only runner, whichever job named them. So two jobs can never
 * send into a conversation at the same time.
 */
export function createClaimJobs(deps: ClaimJobsDeps) {
  const { deliveries, conversations, held, again, log } = deps;
  /** Until this time a claim also takes the deliveries behind, because a job came too early a moment ago. */
  let alongUntil = 0;
  /** True after the answer to a claim was lost: nobody sends the deliveries that it claimed. */
  let mayHaveLostClaims = false;
  /**
   * True while a statement that takes back lost claims may still run. It does not know deliveries that are claimed in
   * the meantime, and would take them from their sends. After an error the server may still run it.
   */
  let isTakingBack = false;

  const claim = createGroupCommit({ run: claimTogether, maxBatch: CLAIM_BATCH, partitions: 1 });

  /** Returns the work of each job. */
  async function claimTogether(jobs: Job[]): Promise<{ work: Promise<unknown>[] }[]> {
    conversations.beforeClaim();
    if (mayHaveLostClaims || jobs.includes(NO_JOB)) await releaseOthers();
    // By the clock that also runs while the machine sleeps, because the lease in the database does.
    const until = Date.now() + deps.sendLeaseMs;
    const ids = jobs.flatMap((job) => job.ids);
    if (ids.length === 0) return jobs.map(() => ({ work: [] }));
    mayHaveLostClaims = true;
    const { claimed, waiting } = await deliveries.claim(ids, [...held], monotonicMs() < alongUntil);
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
  }

  /** Returns deliveries whose claim got no answer to the queue. This process never sent them. */
  async function releaseOthers(): Promise<void> {
    const channels = new Map<string, string[]>();
    isTakingBack = true;
    const lost = await deliveries.releaseOthers([...held]);
    isTakingBack = false;
    for (const { id, channelId } of lost) {
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
      void again.later(channelId, ids, 0);
    }
  }

  /**
   * Handles deliveries that cannot go now. Behind a send of this process they go when it ends; otherwise they check
   * again later.
   */
  function later(channelId: string, blocked: Claim["waiting"]): Promise<unknown>[] {
    const delayed = new Map<number, string[]>();
    const atOnce: string[] = [];
    for (const { id, address, retryInMs } of blocked) {
      const place = retryInMs === 0 ? conversations.waitBehind(channelId, address, id) : "idle";
      if (place === "ended") atOnce.push(id);
      else if (place === "idle") delayed.set(retryInMs, [...(delayed.get(retryInMs) ?? []), id]);
    }
    if (delayed.has(0)) alongUntil = monotonicMs() + ALONG_MS;
    return [
      ...(atOnce.length > 0 ? [again.now(channelId, atOnce)] : []),
      ...[...delayed].map(([ms, ids]) => again.later(channelId, ids, Math.max(ms, RECHECK_MS))),
    ];
  }

  return {
    claim: (channelId: string, ids: string[]) => claim({ channelId, ids }),
    /** True if nothing may be claimed beside the claims of jobs. */
    isTakingBack: (): boolean => isTakingBack,
    /** Returns deliveries whose claim got no answer, even if that claim was committed late. */
    async recover(): Promise<void> {
      await claim(NO_JOB);
    },
  };
}
