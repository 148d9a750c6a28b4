import { AGENT_VERSIONS } from "../agents/version-repository.ts";
import { createChannelDirectory } from "../channels/channel-directory.ts";
import { checkChannel, checkDesk } from "../channels/check-channel.ts";
import type { Environment } from "../config/env.ts";
import { createAdmissionLimit } from "../core/process/admission-limit.ts";
import { monotonicMs } from "../core/time/monotonic.ts";
import type { Tracing } from "../core/trace/span.ts";
import { createApi } from "../http/api/api.ts";
import { createConversationApi } from "../http/api/conversations.ts";
import { createAttempts } from "../http/server/attempts.ts";
import { boundsFor } from "../http/server/bounds.ts";
import type { CallerOf } from "../http/server/caller-address.ts";
import { descriptorLimit } from "../http/server/descriptors.ts";
import { createOpenLimit } from "../http/server/open-limit.ts";
import { createRateLimit, perMinute } from "../http/server/rate-limit.ts";
import { createRunningChannels } from "../ingest/running-channels.ts";
import { createMetrics } from "../observability/metrics.ts";
import { catchUp } from "../sessions/follow-activity-repository.ts";
import { countBacklog } from "../storage/backlog.ts";
import { createOutreach } from "../triggers/outreach.ts";
import { createReach } from "../users/reach.ts";
import { createWorkspaces } from "../workspaces/workspaces.ts";
import { createAgents } from "./agents.ts";
import type { AppOptions } from "./app.ts";
import { createAttachmentParts } from "./attachments.ts";
import type { Engine } from "./engine.ts";
import { createHttp } from "./http.ts";
import { createPipeline } from "./pipeline.ts";
import { createProactiveParts } from "./proactive.ts";
import type { SimulatorParts } from "./simulator.ts";

export interface ServiceDeps {
  options: AppOptions;
  /** The current environment, which a reload reads again. */
  env(): Environment;
  hide(secrets: readonly string[]): void;
  engine: Engine;
  simulator: SimulatorParts | null;
  callerOf: CallerOf;
  /** Null: tracing is off. */
  tracing: Tracing | null;
}

/** Limits how many access codes one key may try. */
const ACCESS_CODES = { burst: 20, perMinute: 20 };

/** The version of the API, as in its document. */
export const VERSION = "1.0.0";

/** Builds every part of the service, top to bottom. Starts none of them. */
export function createService({ options, env, hide, engine, simulator, callerOf, tracing }: ServiceDeps) {
  const { log } = options;
  const { settings } = options.config;
  const metrics = createMetrics();
  metrics.observeBacklog(async () => {
    await catchUp(engine.database.pool);
    return await countBacklog(engine.database.pool);
  });
  const channels = createChannelDirectory();
  const stopping = new AbortController();
  const giveUp = new AbortController();
  const workspaces = createWorkspaces({
    database: engine.database,
    channels,
    kinds: options.channels,
    publicUrl: settings.publicUrl,
    onVersions: (current) => agents.refresh(current),
    log,
  });
  const agents = createAgents({
    database: engine.database,
    bots: options.bots,
    env,
    hide,
    configuredAgent: workspaces.configuredAgent,
    log,
  });
  engine.hub.subscribe(AGENT_VERSIONS, () => {
    workspaces
      .followVersions()
      .catch((error: unknown) => log.error({ err: error }, "could not read the agents' versions"));
  });
  const bounds = { ...boundsFor(descriptorLimit()), ...options.bounds };

  const attachments = createAttachmentParts({
    engine,
    channels,
    settings,
    bounds,
    onFailedWrite: () => metrics.failedFileWrites.inc(),
    log,
  });
  const pipeline = createPipeline({
    engine,
    channels,
    agents,
    attachments,
    desk: workspaces.deskPlace,
    publicUrl: settings.publicUrl.url,
    role: settings.role,
    retentionDays: settings.retentionDays,
    metrics,
    tracing,
    capacity: createAdmissionLimit(bounds.messages),
    giveUp: giveUp.signal,
    log,
    ...(options.times ? { times: options.times } : {}),
  });

  const hasReceipts = (kind: string) => options.channels[kind]?.capabilities.receipts ?? false;
  const reach = createReach(channels);
  const outreach = createOutreach({
    database: engine.database,
    hub: engine.hub,
    channels,
    agents,
    pipeline,
    log,
  });
  const proactive = createProactiveParts({
    engine,
    channels,
    agents,
    pipeline,
    outreach,
    hasReceipts,
    role: settings.role,
    eventLogDays: settings.eventLogDays,
    log,
  });

  const conversations = createConversationApi({
    engine,
    channels,
    agents,
    pipeline,
    attachments,
    desks: workspaces.desks,
    userRate: createRateLimit(perMinute(settings.rates.perUser), monotonicMs),
    codeRate: createRateLimit(ACCESS_CODES, monotonicMs),
    log,
  });
  const isSimulated = (name: string) => simulator?.channels.includes(name) ?? false;
  const streamRoom = createAdmissionLimit({ count: bounds.streams, bytes: 0 });
  const api = createApi({
    engine,
    channels,
    reach,
    hasReceipts,
    enqueueDeliveries: pipeline.enqueueDeliveries,
    onErased: pipeline.stopSessions,
    pendingChange: workspaces.pendingChange,
    check: {
      channel: ({ ref: { name }, config, definition }) =>
        checkChannel({
          ...{ name, config, definition, publicUrl: settings.publicUrl },
          isSimulated: isSimulated(name),
          serviceAnswers: true,
        }),
      desks: ({ ref }) =>
        workspaces.desks(ref.workspaceId).flatMap((name) => {
          const place = workspaces.deskPlace(ref.id, name);
          return place?.channelId === ref.id ? [{ name, conversation: place.conversation }] : [];
        }),
      desk: ({ ref: { name }, config, definition }, conversation) =>
        checkDesk({ config, definition, isSimulated: isSimulated(name) }, conversation),
    },
    routes: [...conversations.routes, ...proactive.routes],
    more: [conversations.openai],
    callerOf,
    attempts: createAttempts(createRateLimit(bounds.addressRates.wrongKeys, monotonicMs)),
    keyRate: createRateLimit(perMinute(settings.rates.perKey), monotonicMs),
    keyStreams: createOpenLimit(settings.streamsPerKey, streamRoom),
    auditDays: settings.auditDays,
    isTraced: tracing !== null,
    publicUrl: settings.publicUrl,
    oidc: settings.oidc,
    version: VERSION,
    giveUp: giveUp.signal,
    log,
  });
  const running = createRunningChannels({
    database: engine.database,
    channels,
    ingest: pipeline.ingest,
    stopping: stopping.signal,
    log,
  });
  const sockets = conversations.sockets(api);

  const http = createHttp({
    engine,
    channels,
    agents,
    pipeline,
    attachments,
    metrics,
    api: api.mounts,
    publicUrl: settings.publicUrl.url,
    callerOf,
    simulator,
    bounds,
    streamRoom,
    stopping: stopping.signal,
    log,
  });
  http.onUpgrade(sockets.upgrade);

  return {
    workspaces,
    agents,
    channels,
    attachments,
    pipeline,
    proactive,
    api,
    running,
    sockets,
    http,
    stopping,
    giveUp,
  };
}
