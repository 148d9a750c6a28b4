import { createShortLivedMap } from "../core/process/short-lived-map.ts";
import type { ClaimedDelivery } from "./claim-repository.ts";
import type { Hold, SendAttempt } from "./send-attempt.ts";

/** A conversation (channel and address) with sends in progress in this process. */
interface SendingConversation {
  channelId: string;
  /** Claimed deliveries, in order. */
  claimed: { delivery: ClaimedDelivery; until: number }[];
  /** Deliveries that could not be claimed because of the current sends. They are checked when those sends end. */
  behind: string[];
  done: Promise<void>;
}

export interface SendingConversationsDeps {
  attempts: SendAttempt;
  /** Sends the deliveries that waited behind the sends of a conversation. */
  deliver(channelId: string, ids: string[]): Promise<void>;
  /** Claimed deliveries without a recorded result. */
  held: Set<string>;
  /** Delay before an unsent delivery is checked again, milliseconds. */
  recheckMs: number;
  sendTimeoutMs: number;
  shutdown: AbortSignal;
}

export type SendingConversations = ReturnType<typeof createSendingConversations>;

/** Sends the claimed deliveries of each conversation in order. Conversations run in parallel. */
export function createSendingConversations(deps: SendingConversationsDeps) {
  const { attempts, held, shutdown } = deps;
  const conversations = createShortLivedMap<string, SendingConversation>();
  /** Conversations whose sends ended since the last claim began. That claim may not have seen the end yet. */
  const doneMeanwhile = new Set<string>();

  async function sendInOrder(key: string, conversation: SendingConversation): Promise<void> {
    // The other deliveries of the same claim join this conversation before the first send.
    await Promise.resolve();
    const { channelId } = conversation;
    let hold: Hold | null = null;
    /** New addresses of sessions that one of these sends moved. Later deliveries of the session go there. */
    const began = new Map<string, string>();
    try {
      for (let next = conversation.claimed.shift(); next; next = conversation.claimed.shift()) {
        const late = Date.now() + deps.sendTimeoutMs > next.until;
        if (late || shutdown.aborted || attempts.isPaused(channelId)) hold ??= { address: null };
        const elsewhere = began.get(next.delivery.sessionId ?? "") ?? null;
        if (hold || elsewhere !== null)
          await attempts.putBack(
            next.delivery,
            { address: elsewhere ?? hold?.address ?? null },
            deps.recheckMs,
          );
        else hold = await attempts.attempt(channelId, next.delivery, began);
      }
    } finally {
      conversations.delete(key);
      doneMeanwhile.add(key);
      // Deliveries remain here only after an error. They were never sent, so another run of the job may claim them.
      for (const { delivery } of conversation.claimed) held.delete(delivery.id);
      if (conversation.behind.length > 0 && !shutdown.aborted)
        await deps.deliver(channelId, conversation.behind);
    }
  }

  return {
    beforeClaim: (): void => doneMeanwhile.clear(),

    /** Adds a claimed delivery to its conversation. Resolves when the sends of that conversation have ended. */
    add(delivery: ClaimedDelivery, until: number): Promise<void> {
      held.add(delivery.id);
      const { channelId } = delivery;
      const key = keyOf(channelId, delivery.address);
      const known = conversations.get(key);
      if (known) {
        known.claimed.push({ delivery, until });
        return known.done;
      }
      const claimed = [{ delivery, until }];
      const conversation = { channelId, claimed, behind: [], done: Promise.resolve() };
      conversations.set(key, conversation);
      conversation.done = sendInOrder(key, conversation);
      return conversation.done;
    },

    /** Lets a delivery wait for the current sends of its conversation. `ended`: they ended since the claim began. */
    waitBehind(channelId: string, address: string, id: string): "waits" | "ended" | "idle" {
      const key = keyOf(channelId, address);
      const conversation = conversations.get(key);
      if (conversation === undefined) return doneMeanwhile.has(key) ? "ended" : "idle";
      conversation.behind.push(id);
      return "waits";
    },

    /** Resolves when all current sends have ended. */
    async ended(): Promise<void> {
      await Promise.allSettled(conversations.values().map(({ done }) => done));
    },
  };
}

const keyOf = (channelId: string, address: string): string => `${channelId}/${address}`;
