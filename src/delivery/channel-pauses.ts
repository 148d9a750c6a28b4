import type { SendResult } from "../core/message/outbound.ts";
import { monotonicMs } from "../core/time/monotonic.ts";
import type { ClaimedDelivery } from "./claim-repository.ts";
import type { DeliveryRepository } from "./delivery-repository.ts";
import type { Sent } from "./send-to-desk.ts";

export interface ChannelPausesDeps {
  repository: Pick<DeliveryRepository, "pauseChannel" | "pauseConversation">;
  /** Pauses the channel's queue, because the whole channel has to wait. */
  pauseQueue(channelId: string, ms: number): Promise<void>;
  onChannelError(channelId: string, error: string): void;
  /** Repeats a write during an outage of the database. */
  patiently<T>(task: () => Promise<T>): Promise<T>;
}

/** A result that concerns more than its own delivery. */
type WideResult = Extract<SendResult, { scope: unknown }>;

/** Pauses of whole channels, because the platform asks for them. */
export function createChannelPauses(deps: ChannelPausesDeps) {
  /** Paused channels and the end of each pause. Deliveries claimed before the pause wait too. */
  const pausedUntil = new Map<string, number>();
  const msOf = (result: WideResult) => (result.kind === "retry" ? (result.afterMs ?? 0) : 0);

  return {
    isPaused: (channelId: string): boolean => (pausedUntil.get(channelId) ?? 0) > monotonicMs(),

    /** Widens a limit of one conversation to the whole channel if a second conversation meets one at the same time. */
    async widened(channelId: string, delivery: ClaimedDelivery, result: Sent): Promise<Sent> {
      if (result.kind !== "retry" || result.scope !== "conversation") return result;
      const { afterMs, alone } = result;
      if (afterMs === undefined || alone) return result;
      const spread = await deps.patiently(() =>
        deps.repository.pauseConversation(channelId, delivery.address, afterMs),
      );
      return spread ? { ...result, scope: "connection" } : result;
    },

    /**
     * Pauses the channel in memory, before the database write, because another conversation's next send may start at
     * any moment.
     */
    pauseHere(channelId: string, result: WideResult): void {
      const ms = msOf(result);
      if (ms > 0) pausedUntil.set(channelId, Math.max(pausedUntil.get(channelId) ?? 0, monotonicMs() + ms));
    },

    /** Pauses the channel on all processes. */
    async pauseEverywhere(channelId: string, result: WideResult): Promise<void> {
      deps.onChannelError(channelId, result.reason);
      const ms = msOf(result);
      if (ms <= 0) return;
      await deps.repository.pauseChannel(channelId, ms);
      await deps.pauseQueue(channelId, ms);
    },
  };
}
