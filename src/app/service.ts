import type { AgentCatalog } from "../agents/agent-catalog.ts";
import { AGENT_VERSIONS } from "../agents/version-repository.ts";
import { type ChannelDirectory, createChannelDirectory } from "../channels/channel-directory.ts";
import { channelChecks } from "../channels/check-channel.ts";
import type { Environment } from "../config/env.ts";
import { createAdmissionLimit } from "../core/process/admission-limit.ts";
import type { Logger } from "../core/process/logger.ts";
import { monotonicMs } from "../core/time/monotonic.ts";
import type { Tracing } from "../core/trace/span.ts";
import { createApi } from "../http/api/api.ts";
import { createConversationApi } from "../http/api/conversations.ts";
import { proactiveRoutes } from "../http/api/proactive-routes.ts";
import { createAttempts } from "../http/server/attempts.ts";
import { type Bounds, boundsFor } from "../http/server/bounds.ts";
import type { CallerOf } from "../http/server/caller-address.ts";
import { descriptorLimit } from "../http/server/descriptors.ts";
import { createOpenLimit } from "../http/server/open-limit.ts";
import { createRateLimit, perMinute, type RateLimitSettings } from "../http/server/rate-limit.ts";
import { createRunningChannels } from "../ingest/running-channels.ts";
import { createMetrics } from "../observability/metrics.ts";
import { catchUp } from "../sessions/follow-activity-repository.ts";
import { countBacklog } from "../storage/backlog.ts";
import { createOutreach } from "../triggers/outreach.ts";
import { createReach } from "../users/reach.ts";
import { createWorkspaces } from "../workspaces/workspaces.ts";
import { createAgents } from "./agents.ts";
import type { AppOptions } from "./app.ts";
import { type AttachmentParts, createAttachmentParts } from "./attachments.ts";
import type { Engine } from "./engine.ts";
import { createHttp } from "./http.ts";
import { createPipeline, type Pipeline } from "./pipeline.ts";
import { createProactiveLoops } from "./proactive.ts";
import type { SimulatorParts } from "./simulator.ts";

/** The parts that almost every other part of the service uses. */
export interface ServiceParts {
  engine: Engine;
  channels: ChannelDirectory;
  agents: AgentCatalog;
  pipeline: Pipeline;
  attachments: AttachmentParts;
  log: Logger;
}

export interface ServiceDeps {
  options: AppOptions;
  /** The current environment, which a reload reads again, and values to hide from now on. */
  secrets: { env(): Environment; hide(secrets: readonly string[]): void };
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
export function createService(deps: ServiceDeps) {
  const { options, engine, simulator, callerOf, tracing } = deps;
  const { log } = options;
  const { settings } = options.config;
  const stopping = new AbortController();
  const giveUp = new AbortController();
  const bounds = { ...boundsFor(descriptorLimit()), ...options.bounds };
  const { parts, metrics, workspaces } = createStages(deps, bounds, giveUp.signal);
  const { channels, agents, pipeline } = parts;
  const { database, hub } = engine;

  const facts = {
    reach: createReach(channels),
    hasReceipts: (kind: string) => options.channels[kind]?.capabilities.receipts ?? false,
    pendingChange: workspaces.pendingChange,
    check: channelChecks(workspaces, settings.publicUrl, simulator?.channels ?? []),
  };
  const outreach = createOutreach({ database, hub, channels, agents, pipeline, log });
  const proactive = createProactiveLoops(parts, outreach, settings);
  const { perUser, perKey } = settings.rates;
  const conversations = createConversationApi({
    service: parts,
    desks: workspaces.desks,
    rates: { users: rate(perMinute(perUser)), codes: rate(ACCESS_CODES) },
  });
  const streamRoom = createAdmissionLimit({ count: bounds.streams, bytes: 0 });
  const api = createApi({
    service: parts,
    facts,
    routes: [...conversations.routes, ...proactiveRoutes(parts, outreach, facts)],
    more: [conversations.openai],
    limits: {
      callerOf,
      attempts: createAttempts(rate(bounds.addressRates.wrongKeys)),
      keyRate: rate(perMinute(perKey)),
      keyStreams: createOpenLimit(settings.streamsPerKey, streamRoom),
    },
    settings: { ...settings, version: VERSION, isTraced: tracing !== null, giveUp: giveUp.signal },
  });
  const { ingest } = pipeline;
  const running = createRunningChannels({ database, channels, ingest, stopping: stopping.signal, log });
  const sockets = conversations.sockets(api.socketGate);
  const limits = { bounds, callerOf, streamRoom };
  const site = { publicUrl: settings.publicUrl.url, stopping: stopping.signal };
  const http = createHttp({ parts, metrics, api: api.mounts, simulator, limits, site });
  http.onUpgrade(sockets.upgrade);
  return { ...parts, workspaces, proactive, api, running, sockets, http, stopping, giveUp };
}

const rate = (limit: RateLimitSettings) => createRateLimit(limit, monotonicMs);

/** Builds the way of a message: workspaces with their channels and agents, files, and the pipeline. */
function createStages(
  { options, secrets, engine, tracing }: ServiceDeps,
  bounds: Bounds,
  giveUp: AbortSignal,
) {
  const { log } = options;
  const { settings } = options.config;
  const { database, hub } = engine;
  const metrics = createMetrics();
  metrics.observeBacklog(async () => {
    await catchUp(database.pool);
    return await countBacklog(database.pool);
  });
  const channels = createChannelDirectory();
  const workspaces = createWorkspaces({
    database,
    channels,
    kinds: options.channels,
    publicUrl: settings.publicUrl,
    onVersions: (current) => agents.refresh(current),
    log,
  });
  const { configuredAgent } = workspaces;
  const agents = createAgents({ database, bots: options.bots, ...secrets, configuredAgent, log });
  hub.subscribe(AGENT_VERSIONS, () => {
    workspaces
      .followVersions()
      .catch((error: unknown) => log.error({ err: error }, "could not read the agents' versions"));
  });
  const onFailedWrite = () => metrics.failedFileWrites.inc();
  const attachments = createAttachmentParts({ engine, channels, settings, bounds, onFailedWrite, log });
  const pipeline = createPipeline({
    base: { engine, channels, agents, attachments, desk: workspaces.deskPlace, log },
    settings,
    observed: { metrics, tracing },
    capacity: createAdmissionLimit(bounds.messages),
    giveUp,
    times: options.times,
  });
  const parts: ServiceParts = { engine, channels, agents, pipeline, attachments, log };
  return { parts, metrics, workspaces };
}
