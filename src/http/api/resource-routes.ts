import { createAgentQueries } from "../../agents/agent-queries-repository.ts";
import { AGENT_VERSIONS, createVersionRepository } from "../../agents/version-repository.ts";
import type { Reachability } from "../../core/session/reachability.ts";
import { createChannelQueries } from "../../delivery/channel-queries-repository.ts";
import { createDeliveryQueries } from "../../delivery/delivery-queries-repository.ts";
import { createFailureRepository } from "../../events/failure-repository.ts";
import { createFeeds } from "../../feed/feeds.ts";
import { newSecret } from "../../keys/api-key.ts";
import { createQueueRepository } from "../../stats/queue-repository.ts";
import { createStatsRepository } from "../../stats/stats-repository.ts";
import { describeHeld } from "../../trail/describe-access.ts";
import { describeTrail } from "../../trail/describe-trail.ts";
import { createTrailRepository } from "../../trail/trail-repository.ts";
import { createErasureRepository } from "../../users/erasure-repository.ts";
import { createParticipantDataRepository } from "../../users/participant-data-repository.ts";
import { createUserRepository, type UserView } from "../../users/user-repository.ts";
import { createOpenLimit } from "../server/open-limit.ts";
import type { Service } from "../service.ts";
import { agentRollbackRoutes } from "./agents/agent-rollback.ts";
import { agentRoutes } from "./agents/agents.ts";
import type { GateParts } from "./api-gate.ts";
import { createApiStores } from "./api-stores.ts";
import { auditRoutes } from "./audit/audit-log.ts";
import { type ChannelCheckDeps, channelCheckRoutes } from "./channels/channel-check.ts";
import { channelRoutes } from "./channels/channels.ts";
import { deliveryRoutes } from "./deliveries/deliveries.ts";
import { personExport } from "./exports/person-export.ts";
import { failureRoutes } from "./failures/failures.ts";
import { feedRoutes } from "./feed/feed.ts";
import { feedDeps, RETRIED } from "./feed/feed-deps.ts";
import { keyRoutes } from "./keys/keys.ts";
import type { Route } from "./route/route.ts";
import { queueRoutes } from "./stats/queue.ts";
import { statsRoutes } from "./stats/stats.ts";
import { trailRoutes } from "./trail/trail.ts";
import { erasureRoutes } from "./users/erasures.ts";
import { participantDataRoutes } from "./users/participant-data.ts";
import { userRoutes } from "./users/users.ts";

/** Facts about the running channels. */
export interface ChannelFacts {
  /** Tells if the bot may write to a user without a message from the user. */
  reach(user: UserView): Promise<Reachability>;
  /** True if the platforms of this channel kind report receipts. */
  hasReceipts(channelKind: string): boolean;
  /** The difference between a running channel and the configuration file, in words; null if there is none. */
  pendingChange(channelId: string): string | null;
  /** Checks of running channels against their platforms. */
  check: ChannelCheckDeps["check"];
}

/** Number of statistics queries of one workspace at the same time. */
const COUNTED_AT_ONCE = 3;
/** Number of channels of one workspace that are checked at the same time. Each check asks a platform. */
const CHECKED_AT_ONCE = 3;

/** Routes about everything except conversations: agents, users, channels, deliveries, numbers, keys. */
export function resourceRoutes(
  service: Pick<Service, "engine" | "channels" | "pipeline" | "log">,
  facts: ChannelFacts,
  { keys, keyCache, auditLog }: Pick<GateParts, "keys" | "keyCache" | "auditLog">,
  isTraced: boolean,
): { routes: Route[]; stop(): void } {
  const { engine, channels, pipeline, log } = service;
  const { pool, prisma } = engine.database;
  const stores = createApiStores(engine.database);
  const users = createUserRepository(pool);
  const erasures = createErasureRepository(pool);
  const agents = createAgentQueries(engine.database);
  const versions = createVersionRepository(pool);
  const trails = createTrailRepository(pool);
  const channelQueries = createChannelQueries(prisma);
  const trouble = (channelId: string) => channels.byId(channelId)?.error ?? facts.pendingChange(channelId);
  const feeds = createFeeds(feedDeps({ engine, channels: channelQueries, trouble, log }));
  const { reach } = facts;
  const { identifiersOf } = channels;

  const routes = [
    ...agentRoutes({ agents }),
    ...agentRollbackRoutes({
      agents,
      async rollBack(agentId, to) {
        const rollback = await versions.rollBack(agentId, to);
        if (rollback) engine.hub.publish(AGENT_VERSIONS, agentId);
        return rollback;
      },
    }),
    ...userRoutes({ users, erasures, reach, identifiersOf, onErased: pipeline.stopSessions }),
    ...erasureRoutes({ erasures }),
    ...personExport(engine.database, { users, stores, auditLog, facts }),
    ...participantDataRoutes({ participantData: createParticipantDataRepository(pool) }),
    ...deliveryRoutes({
      deliveries: createDeliveryQueries(pool),
      enqueue(channelId, ids) {
        pipeline.enqueueDeliveries(channelId, ids);
        engine.hub.publish(RETRIED, [...ids]);
      },
    }),
    ...failureRoutes({ failures: createFailureRepository(pool) }),
    ...channelRoutes({ channels: channelQueries, trouble }),
    ...channelCheckRoutes({ channels, check: facts.check, places: createOpenLimit(CHECKED_AT_ONCE), log }),
    ...feedRoutes({ feeds, log }),
    ...statsRoutes({
      stats: createStatsRepository(pool),
      agents: stores.agents,
      places: createOpenLimit(COUNTED_AT_ONCE),
    }),
    ...queueRoutes({ queue: createQueueRepository(pool) }),
    ...trailRoutes({
      isTraced,
      async trail(workspaceId, id) {
        const rows = await trails.read(workspaceId, id);
        if (rows !== null) return describeTrail(rows, new Date());
        const held = await trails.held(workspaceId, id);
        return held && describeHeld(held);
      },
    }),
    ...auditRoutes({ audit: auditLog }),
    ...keyRoutes({ keys, newSecret, onRevoked: keyCache.revoke }),
  ];
  return { routes, stop: feeds.stop };
}
