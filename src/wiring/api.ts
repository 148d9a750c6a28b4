import { createAgentQueries } from "../agents/agent-queries-repository.ts";
import type { ChannelDirectory } from "../channels/channel-directory.ts";
import type { Logger } from "../core/logger.ts";
import type { Reachability } from "../core/reachability.ts";
import { createChannelQueries } from "../delivery/channel-queries-repository.ts";
import { createDeliveryQueries } from "../delivery/delivery-queries-repository.ts";
import { apiRouter } from "../http/api/api-router.ts";
import { createAuthenticate } from "../http/api/auth.ts";
import { docsRouter } from "../http/api/docs-page.ts";
import { createIdempotency } from "../http/api/idempotency.ts";
import { openApiDocument, type RouteGroup } from "../http/api/openapi.ts";
import type { Route } from "../http/api/route.ts";
import { agentRoutes } from "../http/api/routes/agents.ts";
import { channelRoutes } from "../http/api/routes/channels.ts";
import { deliveryRoutes } from "../http/api/routes/deliveries.ts";
import { keyRoutes } from "../http/api/routes/keys.ts";
import { participantDataRoutes } from "../http/api/routes/participant-data.ts";
import { trailRoutes } from "../http/api/routes/trail.ts";
import { userRoutes } from "../http/api/routes/users.ts";
import type { OpenLimit } from "../http/open-limit.ts";
import type { RateLimit } from "../http/rate-limit.ts";
import type { HttpParts } from "../http/server.ts";
import { newSecret } from "../keys/api-key.ts";
import { createIdempotencyRepository } from "../keys/idempotency-repository.ts";
import { createKeyRepository } from "../keys/key-repository.ts";
import { createKeyRing } from "../keys/key-ring.ts";
import { tellTrail } from "../trail/tell-trail.ts";
import { createTrailRepository } from "../trail/trail-repository.ts";
import { createParticipantDataRepository } from "../users/participant-data-repository.ts";
import { createUserRepository, type UserView } from "../users/user-repository.ts";
import type { Engine } from "./engine.ts";

export interface ApiDeps {
  engine: Pick<Engine, "database" | "hub">;
  channels: ChannelDirectory;
  enqueueDeliveries(channelId: string, deliveryIds: readonly string[]): void;
  /** Whether a user can be written to unasked. */
  reach(user: UserView): Promise<Reachability>;
  /** Sessions were erased: whatever still runs in them may stop. */
  onErased(sessionIds: readonly string[]): void;
  /** The conversation side of the API: sessions, messages, executions. */
  routes: readonly Route[];
  /** Routes below another base, such as `/api/openai/v1`. */
  more?: readonly RouteGroup[];
  /** How many requests one key may make. */
  keyRate: RateLimit;
  /** How many streams and sockets one key may hold open. */
  keyStreams: OpenLimit;
  version: string;
  log: Logger;
}

const BASE = "/api/v1";
const SWEEP_EVERY_MS = 10 * 60_000;

/** The API: its keys, its routes, and the document that describes them. */
export function createApi(deps: ApiDeps) {
  const { engine, channels, log } = deps;
  const { pool } = engine.database;
  const keys = createKeyRepository(pool);
  const trails = createTrailRepository(pool);
  const idempotencyRows = createIdempotencyRepository(pool);

  const keyRing = createKeyRing({
    find: keys.find,
    onUsed: (keyId) => {
      keys
        .markUsed(keyId)
        .catch((error: unknown) => log.warn({ err: error }, "could not note that a key is used"));
    },
    notices: engine.hub,
    now: Date.now,
  });
  const gate = {
    authenticate: createAuthenticate({ keys: keyRing, workspaceBySlug: keys.workspaceBySlug }),
    idempotency: createIdempotency({ repository: idempotencyRows, notices: engine.hub, log }),
    rateLimit: deps.keyRate,
    streams: deps.keyStreams,
    onKeyRevoked: keyRing.onRevoked,
    log,
  };

  const groups: RouteGroup[] = [
    {
      base: BASE,
      routes: [
        ...deps.routes,
        ...agentRoutes({ agents: createAgentQueries(pool) }),
        ...userRoutes({ users: createUserRepository(pool), reach: deps.reach, onErased: deps.onErased }),
        ...participantDataRoutes({ participantData: createParticipantDataRepository(pool) }),
        ...deliveryRoutes({ deliveries: createDeliveryQueries(pool), enqueue: deps.enqueueDeliveries }),
        ...channelRoutes({
          channels: createChannelQueries(pool),
          trouble: (channelId) => channels.byId(channelId)?.error ?? null,
        }),
        ...trailRoutes({
          async trail(workspaceId, id) {
            const rows = await trails.read(workspaceId, id);
            return rows && tellTrail(rows, new Date());
          },
        }),
        ...keyRoutes({ keys, newSecret, onRevoked: keyRing.forget }),
      ],
    },
    ...(deps.more ?? []),
  ];
  const mounts: HttpParts["mounts"] = [
    ...groups.map(({ base, routes }) => ({ path: base, router: apiRouter({ routes, ...gate }) })),
    { path: "/", router: docsRouter(() => openApiDocument(groups, deps.version)) },
  ];

  const sweep = setInterval(() => {
    idempotencyRows
      .sweep()
      .catch((error: unknown) => log.warn({ err: error }, "could not sweep old answers"));
  }, SWEEP_EVERY_MS);
  sweep.unref();

  return {
    mounts,
    /** Who is calling, for what does not pass the routes, such as a WebSocket. */
    authenticate: gate.authenticate,
    rateLimit: gate.rateLimit,
    streams: gate.streams,
    onKeyRevoked: gate.onKeyRevoked,
    /** Makes the key of the settings the operator key; `workspaceId` is the first configured workspace. */
    ensureOperatorKey: keys.ensureOperatorKey,
    stop(): void {
      clearInterval(sweep);
      keyRing.stop();
    },
  };
}
