import type { AgentCatalog } from "../agents/agent-catalog.ts";
import { AGENT_VERSIONS } from "../agents/version-repository.ts";
import type { BotDefinition } from "../bots/bot.ts";
import type { ChannelDefinition } from "../channels/channel.ts";
import { type ChannelDirectory, createChannelDirectory } from "../channels/channel-directory.ts";
import { type Environment, giveToPackages, readEnvironment } from "../config/env.ts";
import type { LoadedConfig } from "../config/load-config.ts";
import { resolvePublicUrl } from "../config/public-url.ts";
import { readOrCreateSecret } from "../config/secret-file.ts";
import { abortable } from "../core/process/abortable.ts";
import { createAdmissionLimit } from "../core/process/admission-limit.ts";
import type { Logger } from "../core/process/logger.ts";
import type { WorkTimes } from "../core/process/working-process.ts";
import { monotonicMs } from "../core/time/monotonic.ts";
import { createApi } from "../http/api/api.ts";
import { createConversationApi } from "../http/api/conversations.ts";
import { createAttempts } from "../http/server/attempts.ts";
import { type Bounds, boundsFor } from "../http/server/bounds.ts";
import { createCallerOf } from "../http/server/caller-address.ts";
import { descriptorLimit } from "../http/server/descriptors.ts";
import { createOpenLimit } from "../http/server/open-limit.ts";
import { createRateLimit, perMinute } from "../http/server/rate-limit.ts";
import { createRunningChannels } from "../ingest/running-channels.ts";
import { createMetrics } from "../observability/metrics.ts";
import { startTracing } from "../observability/tracing.ts";
import { catchUp } from "../sessions/follow-activity-repository.ts";
import { countBacklog } from "../storage/backlog.ts";
import { createOutreach } from "../triggers/outreach.ts";
import { createReach } from "../users/reach.ts";
import { createWorkspaces } from "../workspaces/workspaces.ts";
import { createAgents } from "./agents.ts";
import { type AttachmentParts, createAttachmentParts } from "./attachments.ts";
import { type Engine, openEngine } from "./engine.ts";
import { createHttp } from "./http.ts";
import { createPipeline, type Pipeline } from "./pipeline.ts";
import { createProactiveParts } from "./proactive.ts";
import { createSimulatorParts } from "./simulator.ts";
import { stopApp } from "./stop.ts";

export interface AppOptions {
  config: LoadedConfig;
  /** Reads the configuration again, for a reload. */
  reload: () => LoadedConfig;
  channels: Readonly<Record<string, ChannelDefinition>>;
  bots: Readonly<Record<string, BotDefinition>>;
  log: Logger;
  /** The source of secrets when an older agent version is loaded again. Read again at every reload. */
  environment?: () => Environment;
  /** Gets every secret that the service learns after its start-up configuration, before it can be logged. */
  hide?: (secrets: readonly string[]) => void;
  times?: Partial<WorkTimes>;
  bounds?: Partial<Bounds>;
  /** Separates several services on one Redis. */
  queuePrefix?: string;
  /** Aborts if the service must stop before it has started. Then the start rejects with its reason. */
  stopAsked?: AbortSignal;
}

export interface App {
  url: string;
  engine: Engine;
  pipeline: Pipeline;
  attachments: AttachmentParts;
  channels: ChannelDirectory;
  agents: AgentCatalog;
  /** The names of simulated channels. */
  simulated: readonly string[];
  /** The first operator key and its file (null: given by CAUSEWAY_API_KEY). */
  operatorKey: { value: string; path: string | null };
  /** A link that signs in to the console once, within ten minutes. */
  signInLink(): Promise<string>;
  /** Publishes changed agents. Throws a ConfigError, and changes nothing, if the configuration has problems. */
  reload(): Promise<void>;
  /** Finishes or hands back all work in progress, then closes everything. */
  stop(): Promise<void>;
}

/** Codes that one key may try. */
const ACCESS_CODES = { burst: 20, perMinute: 20 };

/** The version of the API, as in its document. */
const VERSION = "1.0.0";

/** The composition root: builds everything once, top to bottom, and starts it. */
export async function startApp(options: AppOptions): Promise<App> {
  const { config, log } = options;
  const { settings } = config;
  const environment = options.environment ?? readEnvironment;
  const hide = options.hide ?? (() => undefined);
  let env = environment();
  const operatorKey =
    settings.apiKey === null
      ? readOrCreateSecret(settings.dataDir, "api-key", "cw_")
      : { value: settings.apiKey, path: null };
  hide([operatorKey.value, settings.oidc?.clientSecret ?? ""].filter((value) => value !== ""));
  const { stopAsked } = options;
  const callerOf = createCallerOf(settings.trustedProxies);
  const simulator = await createSimulatorParts({ config, callerOf, log });
  const engine = await openEngine(settings, log, {
    queuePrefix: options.queuePrefix,
    signal: stopAsked,
  }).catch(async (error: unknown) => {
    await simulator?.close();
    throw error;
  });
  giveToPackages(settings.tracing?.environment ?? {});
  const tracing = await startTracing(settings.tracing, { version: VERSION, log });
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
    env: () => env,
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

  async function reload(): Promise<void> {
    const read = options.reload();
    hide(read.secrets);
    simulator?.connect(read.workspaces);
    env = environment();
    await workspaces.publish(read.workspaces);
  }

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
  const streamRoom = createAdmissionLimit({ count: bounds.streams, bytes: 0 });
  const api = createApi({
    engine,
    channels,
    reach,
    hasReceipts,
    enqueueDeliveries: pipeline.enqueueDeliveries,
    onErased: pipeline.stopSessions,
    pendingChange: workspaces.pendingChange,
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

  const stop = (): Promise<void> =>
    stopApp({
      settings,
      engine,
      pipeline,
      http,
      intake: {
        refuse() {
          stopping.abort();
          sockets.close();
          api.stop();
        },
        release: running.ended,
        rules: proactive.stop,
      },
      connections: [running.stop, agents.close, async () => simulator?.close(), async () => tracing?.close()],
      giveUp,
      log,
    });

  async function start(): Promise<App> {
    await workspaces.publish(config.workspaces);
    workspaces.markStarted();
    const home = workspaces.firstId();
    if (home !== null) await api.ensureOperatorKey(home, operatorKey.value);
    stopAsked?.throwIfAborted();
    await pipeline.start();
    await proactive.start();
    const port = await http.listen(settings.host, settings.port);
    simulator?.listening(resolvePublicUrl({ publicUrl: null, host: settings.host, port }).url);
    const url = `http://${settings.host.includes(":") ? `[${settings.host}]` : settings.host}:${port}`;
    const app: App = {
      url,
      engine,
      pipeline,
      attachments,
      channels,
      agents,
      simulated: simulator?.channels ?? [],
      operatorKey,
      async signInLink() {
        const base = settings.publicUrl.isPublic ? settings.publicUrl.url : url;
        // A fragment reaches no server and no log of a proxy.
        return `${base}/console#code=${await api.signInCode()}`;
      },
      reload,
      stop,
    };
    stopAsked?.throwIfAborted();
    if (settings.role !== "worker") await running.start();
    agents.warmUp();
    return app;
  }

  try {
    return await abortable(start(), stopAsked);
  } catch (error) {
    await stop().catch((cause: unknown) => log.error({ err: cause }, "could not stop after a failed start"));
    throw error;
  }
}
