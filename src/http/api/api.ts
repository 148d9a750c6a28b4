import { createAccessQueries } from "../../access/access-queries-repository.ts";
import { createAgentQueries } from "../../agents/agent-queries-repository.ts";
import { createSessionAgentRepository } from "../../agents/session-agent-repository.ts";
import { AGENT_VERSIONS, createVersionRepository } from "../../agents/version-repository.ts";
import { createAuditRepository } from "../../audit/audit-repository.ts";
import type { ChannelDirectory } from "../../channels/channel-directory.ts";
import type { Logger } from "../../core/process/logger.ts";
import type { Reachability } from "../../core/session/reachability.ts";
import { monotonicMs } from "../../core/time/monotonic.ts";
import { createChannelQueries } from "../../delivery/channel-queries-repository.ts";
import { createDeliveryQueries } from "../../delivery/delivery-queries-repository.ts";
import { createFailureRepository } from "../../events/failure-repository.ts";
import { createFeeds } from "../../feed/feeds.ts";
import { createHandoffQueries } from "../../handoffs/handoff-queries-repository.ts";
import { newSecret } from "../../keys/api-key.ts";
import { createConsoleSessionRepository } from "../../keys/console-session-repository.ts";
import { createIdempotencyRepository } from "../../keys/idempotency-repository.ts";
import { createKeyCache } from "../../keys/key-cache.ts";
import { createKeyRepository } from "../../keys/key-repository.ts";
import { createPersonRepository } from "../../keys/person-repository.ts";
import { createRetryingIdempotency } from "../../keys/retrying-idempotency.ts";
import { createScheduleQueries } from "../../schedules/schedule-queries-repository.ts";
import { createMessageQueriesRepository } from "../../sessions/message-queries-repository.ts";
import { createSessionQueriesRepository } from "../../sessions/session-queries-repository.ts";
import { createQueueRepository } from "../../stats/queue-repository.ts";
import { createStatsRepository } from "../../stats/stats-repository.ts";
import { describeHeld } from "../../trail/describe-access.ts";
import { describeTrail } from "../../trail/describe-trail.ts";
import { createTrailRepository } from "../../trail/trail-repository.ts";
import { createParticipantDataRepository } from "../../users/participant-data-repository.ts";
import { createPersonalDataRepository } from "../../users/personal-data-repository.ts";
import { createUserRepository, type UserView } from "../../users/user-repository.ts";
import type { Attempts } from "../server/attempts.ts";
import type { CallerOf } from "../server/caller-address.ts";
import { createOpenLimit, type OpenLimit } from "../server/open-limit.ts";
import { createRateLimit, type RateLimit, requireRate } from "../server/rate-limit.ts";
import type { HttpParts } from "../server/server.ts";
import type { ServiceEngine } from "../service.ts";
import { agentRollbackRoutes } from "./agents/agent-rollback.ts";
import { agentRoutes } from "./agents/agents.ts";
import { auditRoutes } from "./audit/audit-log.ts";
import { type ChannelCheckDeps, channelCheckRoutes } from "./channels/channel-check.ts";
import { channelRoutes } from "./channels/channels.ts";
import { consoleSessionRoutes } from "./console/console-session.ts";
import { createOidcProvider, type OidcSettings } from "./console/oidc-provider.ts";
import { oidcRoutes } from "./console/oidc-routes.ts";
import { createOidcSignIn } from "./console/oidc-sign-in.ts";
import { createSessionEnd } from "./console/session-end.ts";
import { createSignIn } from "./console/sign-in.ts";
import { deliveryRoutes } from "./deliveries/deliveries.ts";
import { docsRouter } from "./document/docs-router.ts";
import { openApiDocument, type RouteGroup } from "./document/openapi.ts";
import { personExportRoutes } from "./exports/export-person.ts";
import { failureRoutes } from "./failures/failures.ts";
import { feedRoutes } from "./feed/feed.ts";
import { feedDeps, RETRIED } from "./feed/feed-deps.ts";
import { keyRoutes } from "./keys/keys.ts";
import { apiRouter } from "./route/api-router.ts";
import { createAudit } from "./route/audit.ts";
import { createAuthenticate } from "./route/auth.ts";
import { createIdempotency } from "./route/idempotency.ts";
import type { Route } from "./route/route.ts";
import { queueRoutes } from "./stats/queue.ts";
import { statsRoutes } from "./stats/stats.ts";
import { trailRoutes } from "./trail/trail.ts";
import { participantDataRoutes } from "./users/participant-data.ts";
import { userRoutes } from "./users/users.ts";

export interface ApiDeps {
  engine: ServiceEngine;
  channels: ChannelDirectory;
  enqueueDeliveries(channelId: string, deliveryIds: readonly string[]): void;
  /** Tells if the bot may write to a user without a message from the user. */
  reach(user: UserView): Promise<Reachability>;
  /** True if the platforms of this channel kind report receipts. */
  hasReceipts(channelKind: string): boolean;
  /** Sessions were erased, so any work in them may stop. */
  onErased(sessionIds: readonly string[]): void;
  /** The difference between a running channel and the configuration file, in words; null if there is none. */
  pendingChange(channelId: string): string | null;
  /** Checks of running channels against their platforms. */
  check: ChannelCheckDeps["check"];
  /** The conversation routes of the API: sessions, messages, executions. */
  routes: readonly Route[];
  /** Routes below another base, such as `/api/openai/v1`. */
  more?: readonly RouteGroup[];
  callerOf: CallerOf;
  /** Limits wrong keys and socket tokens, by address. */
  attempts: Attempts;
  /** The request rate of one key. */
  keyRate: RateLimit;
  /** Maximum number of streams and sockets that one key may hold open. */
  keyStreams: OpenLimit;
  /** Days until a record of a change is deleted. */
  auditDays: number;
  /** The address of the service, for cookies that may go only over HTTPS. */
  publicUrl: { url: string; isPublic: boolean };
  /** The provider with which people sign in to the console; null: there is none. */
  oidc: OidcSettings | null;
  version: string;
  /** True if messages have traces. */
  isTraced: boolean;
  /** Aborts when a stop has no time left. */
  giveUp: AbortSignal;
  log: Logger;
}

const BASE = "/api/v1";
const CONSOLE_BASE = "/console";
/** Number of statistics queries of one workspace at the same time. */
const COUNTED_AT_ONCE = 3;
/** Channels of one workspace that are checked at the same time. Each check asks a platform. */
const CHECKED_AT_ONCE = 3;
/** Sign-ins with OpenID Connect that one address may begin. */
const SIGN_INS = { burst: 30, perMinute: 30 };
const SWEEP_EVERY_MS = 10 * 60_000;

/** The API: its keys, its routes, and the document that describes them. */
export function createApi(deps: ApiDeps) {
  const { engine, channels, log } = deps;
  const { pool, prisma } = engine.database;
  const keys = createKeyRepository(engine.database);
  const users = createUserRepository(pool);
  const trails = createTrailRepository(pool);
  const agentQueries = createAgentQueries(engine.database);
  const versions = createVersionRepository(pool);
  const idempotencyRows = createIdempotencyRepository(pool);

  const keyCache = createKeyCache({
    find: keys.find,
    onUsed: (keyId) => {
      keys
        .markUsed(keyId)
        .catch((error: unknown) => log.warn({ err: error }, "could not note that a key is used"));
    },
    notices: engine.hub,
    now: monotonicMs,
  });
  const { attempts, callerOf } = deps;
  const { workspaceBySlug } = keys;
  const consoleSessions = createConsoleSessionRepository(pool);
  const auditLog = createAuditRepository(pool);
  const sessionEnd = createSessionEnd({
    onKeyRevoked: keyCache.onRevoked,
    notices: engine.hub,
    remainingMs: consoleSessions.remainingMs,
  });
  const gate = {
    authenticate: createAuthenticate({
      keys: keyCache,
      consoleSession: consoleSessions.find,
      attempts,
      callerOf,
      workspaceBySlug,
    }),
    callerOf,
    idempotency: createIdempotency({
      repository: createRetryingIdempotency(idempotencyRows, { giveUp: deps.giveUp, log }),
      notices: engine.hub,
      log,
    }),
    rateLimit: deps.keyRate,
    streams: deps.keyStreams,
    onCallerEnded: sessionEnd.onCallerEnded,
    audit: createAudit({ record: auditLog.record, log }),
    log,
  };

  const channelQueries = createChannelQueries(prisma);
  const trouble = (channelId: string) => channels.byId(channelId)?.error ?? deps.pendingChange(channelId);
  const feeds = createFeeds(feedDeps({ engine, channels: channelQueries, trouble, log }));

  const groups: RouteGroup[] = [
    {
      base: BASE,
      routes: [
        ...deps.routes,
        ...agentRoutes({ agents: agentQueries }),
        ...agentRollbackRoutes({
          agents: agentQueries,
          async rollBack(agentId, to) {
            const rollback = await versions.rollBack(agentId, to);
            if (rollback) engine.hub.publish(AGENT_VERSIONS, agentId);
            return rollback;
          },
        }),
        ...userRoutes({
          users,
          reach: deps.reach,
          identifiersOf: channels.identifiersOf,
          onErased: deps.onErased,
        }),
        ...personExportRoutes({
          users,
          reach: deps.reach,
          personal: createPersonalDataRepository(engine.database),
          records: {
            schedules: createScheduleQueries(pool, { hasReceipts: deps.hasReceipts }),
            handoffs: createHandoffQueries(pool),
            access: createAccessQueries(pool),
            audit: auditLog,
          },
          sessions: createSessionQueriesRepository(pool),
          messages: createMessageQueriesRepository(pool),
        }),
        ...participantDataRoutes({ participantData: createParticipantDataRepository(pool) }),
        ...deliveryRoutes({
          deliveries: createDeliveryQueries(pool),
          enqueue(channelId, ids) {
            deps.enqueueDeliveries(channelId, ids);
            engine.hub.publish(RETRIED, [...ids]);
          },
        }),
        ...failureRoutes({ failures: createFailureRepository(pool) }),
        ...channelRoutes({ channels: channelQueries, trouble }),
        ...channelCheckRoutes({ channels, check: deps.check, places: createOpenLimit(CHECKED_AT_ONCE), log }),
        ...feedRoutes({ feeds, log }),
        ...statsRoutes({
          stats: createStatsRepository(pool),
          agents: createSessionAgentRepository(pool),
          places: createOpenLimit(COUNTED_AT_ONCE),
        }),
        ...queueRoutes({ queue: createQueueRepository(pool) }),
        ...trailRoutes({
          isTraced: deps.isTraced,
          async trail(workspaceId, id) {
            const rows = await trails.read(workspaceId, id);
            if (rows !== null) return describeTrail(rows, new Date());
            const held = await trails.held(workspaceId, id);
            return held && describeHeld(held);
          },
        }),
        ...auditRoutes({ audit: auditLog }),
        ...keyRoutes({ keys, newSecret, onRevoked: keyCache.revoke }),
      ],
    },
    ...(deps.more ?? []),
    {
      base: CONSOLE_BASE,
      routes: consoleSessionRoutes({
        signIn: createSignIn({ keys: keyCache, sessions: consoleSessions, attempts, log }),
        sessions: consoleSessions,
        onEnded: sessionEnd.announce,
        publicUrl: deps.publicUrl,
      }),
    },
  ];
  const visits = createRateLimit(SIGN_INS, monotonicMs);
  const oidc = oidcRoutes({
    provider: deps.oidc && createOidcProvider(deps.oidc),
    people: createOidcSignIn({
      people: createPersonRepository(pool),
      sessions: consoleSessions,
      keys: keyCache,
      onEnded: sessionEnd.announce,
      record: auditLog.record,
      log,
    }),
    publicUrl: deps.publicUrl,
    callerOf,
    attempts,
    visit: (request) =>
      requireRate(visits, callerOf(request), "Too many sign-ins were begun. Try again later."),
    log,
  });
  const mounts: HttpParts["mounts"] = [
    { path: `${CONSOLE_BASE}/oidc`, router: oidc },
    ...groups.map(({ base, ...group }) => ({ path: base, router: apiRouter({ ...group, ...gate }) })),
    { path: "/", router: docsRouter(() => openApiDocument(groups, deps.version)) },
  ];

  const sweep = setInterval(() => {
    Promise.all([idempotencyRows.sweep(), consoleSessions.sweep(), auditLog.sweep(deps.auditDays)]).catch(
      (error: unknown) => log.warn({ err: error }, "could not sweep old answers, sign-ins and changes"),
    );
  }, SWEEP_EVERY_MS);
  sweep.unref();

  return {
    mounts,
    /** Authenticates callers outside the routes, such as a WebSocket. */
    authenticate: gate.authenticate,
    attempts,
    callerOf,
    rateLimit: gate.rateLimit,
    streams: gate.streams,
    onKeyRevoked: keyCache.onRevoked,
    /** A code that signs in to the console once, as the operator. */
    signInCode: consoleSessions.codeForOperator,
    /** Makes the key of the settings the operator key. `workspaceId` is the first configured workspace. */
    ensureOperatorKey: keys.ensureOperatorKey,
    stop(): void {
      clearInterval(sweep);
      feeds.stop();
      keyCache.stop();
    },
  };
}
