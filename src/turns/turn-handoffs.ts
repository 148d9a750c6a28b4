import type { AgentCatalog } from "../agents/agent-catalog.ts";
import type { ChannelDirectory } from "../channels/channel-directory.ts";
import type { ReplyLimits } from "../core/message/reply-parts.ts";
import type { DeliveryStage } from "../delivery/delivery-stage.ts";
import type { DeskPlace } from "../handoffs/handoff.ts";
import { createHandoffs, type Handoffs } from "../handoffs/handoffs-repository.ts";
import type { NotifySession } from "../sessions/session-notices.ts";
import type { Database } from "../storage/database.ts";

/** The limits of a channel that does not run are unknown, so its texts are not cut yet. */
const UNLIMITED: ReplyLimits = { split: (text) => [text], buttons: null };

/** Wires handoffs: each of them stops the turns of a session, and wakes the session at its end. */
export function createTurnHandoffs(deps: {
  stores: { pool: Database["pool"]; agents: AgentCatalog; channels: ChannelDirectory };
  delivery: Pick<DeliveryStage, "queues" | "tellDesk">;
  notifySession: NotifySession;
  stop(executionIds: readonly string[]): void;
  wake(sessionId: string): void;
  desk(channelId: string, name: string): DeskPlace | null;
}): Handoffs {
  const { pool, agents, channels } = deps.stores;
  return createHandoffs({
    pool,
    settings: async (agentId, version) => (await agents.load(agentId, version)).definition.handoff,
    channels: {
      // If the channel is disabled, the messages wait for it.
      limits: (channelId) => channels.byId(channelId)?.ref ?? UNLIMITED,
      desk: deps.desk,
    },
    after: {
      deliver: deps.delivery.queues.enqueue,
      notify: (channelId, sessionId) => deps.notifySession(channelId, sessionId, { type: "messages" }),
      stop: deps.stop,
      wake: deps.wake,
      tellDesk: deps.delivery.tellDesk,
    },
  });
}
