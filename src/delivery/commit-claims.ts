import { createShortLivedMap } from "../core/process/short-lived-map.ts";
import type { ClaimedDelivery } from "./claim-repository.ts";
import type { SendingConversations } from "./sending-conversations.ts";

/** Maximum deliveries of one channel that are sent before their job comes. More would make other work wait. */
const MOST_AT_ONCE = 64;

/** New deliveries that their commit may claim for this process. */
export interface CommitClaim {
  /** The commit has claimed them, so their sends begin. */
  begin(deliveries: readonly ClaimedDelivery[]): void;
  /** The commit claimed none of them, or its answer was lost. Their job claims them. */
  release(): void;
}

/** Lets a commit claim the deliveries that it stores; null: their job has to. */
export type ReserveClaim = (channelId: string, ids: readonly string[]) => CommitClaim | null;

export interface CommitClaimsDeps {
  conversations: SendingConversations;
  /** Claimed deliveries without a recorded result. */
  held: Set<string>;
  /** False while nothing may be claimed on a channel. */
  maySend(channelId: string): boolean;
  shutdown: AbortSignal;
  /** Duration of a claim. */
  sendLeaseMs: number;
}

/** Sends deliveries that the commit of their turn has claimed. Their first send needs no other commit before it. */
export function createCommitClaims(deps: CommitClaimsDeps) {
  const { conversations, held, maySend, shutdown, sendLeaseMs } = deps;
  const sends = createShortLivedMap<string, Promise<void>>();
  const counts = new Map<string, number>();
  const count = (channelId: string, by: number) => counts.set(channelId, (counts.get(channelId) ?? 0) + by);

  const reserve: ReserveClaim = (channelId, ids) => {
    if (shutdown.aborted || !maySend(channelId) || (counts.get(channelId) ?? 0) + ids.length > MOST_AT_ONCE)
      return null;
    // By the clock that also runs while the machine sleeps, because the lease in the database does.
    const until = Date.now() + sendLeaseMs;
    count(channelId, ids.length);
    // Before the commit: a claim that runs beside it must not take them for claims whose answer was lost.
    for (const id of ids) held.add(id);
    const release = () => {
      count(channelId, -ids.length);
      for (const id of ids) held.delete(id);
    };
    return {
      release,
      begin(deliveries) {
        // They were never sent, so the end of the stop gives them back without a mark.
        if (shutdown.aborted) return release();
        for (const delivery of deliveries) {
          const done = conversations.add(delivery, until);
          sends.set(delivery.id, done);
          const end = () => {
            sends.delete(delivery.id);
            count(channelId, -1);
          };
          done.then(end, end);
        }
      },
    };
  };

  return {
    reserve,
    /** True if all these deliveries are being sent here. */
    areSending: (ids: readonly string[]): boolean => ids.every((id) => sends.has(id)),
    /** Resolves when those of the deliveries that are being sent here have ended. */
    async ended(ids: readonly string[]): Promise<void> {
      await Promise.all(ids.map((id) => sends.get(id)));
    },
    /** Resolves when all deliveries that are being sent here have ended. */
    async allEnded(): Promise<void> {
      await Promise.allSettled(sends.values());
    },
  };
}
