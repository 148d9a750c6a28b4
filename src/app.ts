import type { AgentCatalog } from "./agents/agent-catalog.ts";
import type { BotDefinition } from "./bots/bot.ts";
import type { ChannelDefinition } from "./channels/channel.ts";
import { type ChannelDirectory, createChannelDirectory } from "./channels/channel-directory.ts";
import { type Environment, readEnvironment } from "./config/env.ts";
import type { LoadedConfig } from "./config/load-config.ts";
import { readOrCreateSecret } from "./config/secret-file.ts";
import type { Logger } from "./core/logger.ts";
import { createRoom } from "./core/room.ts";
import { createOpenLimit } from "./http/open-limit.ts";
import { createRateLimit, perMinute } from "./http/rate-limit.ts";
import { createMetrics } from "./observability/metrics.ts";
import { countBacklog } from "./storage/backlog.ts";
import { createApi } from "./wiring/api.ts";
import { type AttachmentParts, createAttachmentParts } from "./wiring/attachment-parts.ts";
import { BOUNDS, type Bounds } from "./wiring/bounds.ts";
import { createConversationParts } from "./wiring/conversations.ts";
import { type Engine, openEngine } from "./wiring/engine.ts";
import { createHttpParts } from "./wiring/http-parts.ts";
import { createOutreach } from "./wiring/outreach.ts";
import { createPipeline, type Pipeline } from "./wiring/pipeline.ts";
import type { PipelineTimes } from "./wiring/pipeline-deps.ts";
import { createProactiveParts } from "./wiring/proactive-parts.ts";
import { createReach } from "./wiring/reach.ts";
import { createRunningChannels } from "./wiring/running-channels.ts";
import { createWorkspaces } from "./wiring/workspaces.ts";

export interface AppOptions {
  config: LoadedConfig;
  /** Reads the configuration again, for a reload. */
  reload: () => LoadedConfig;
  channels: Readonly<Record<string, ChannelDefinition>>;
  bots: Readonly<Record<string, BotDefinition>>;
  log: Logger;
  /** What secrets are read from when an older agent version is revived; asked again at every reload. */
  environment?: () => Environment;
  /** Told every secret the service learns after its start-up configuration, before it can be logged. */
  hide?: (secrets: readonly string[]) => void;
  times?: Partial<PipelineTimes>;
  bounds?: Partial<Bounds>;
  /** Keeps several services on one Redis apart. */
  queuePrefix?: string;
}

export interface App {
  url: string;
  engine: Engine;
  pipeline: Pipeline;
  attachments: AttachmentParts;
  channels: ChannelDirectory;
  agents: AgentCatalog;
  /** The first operator key and where it is kept (null: given by CAUSEWAY_API_KEY). */
  operatorKey: { value: string; path: string | null };
  /** Publishes changed agents. Throws a ConfigError, and changes nothing, if the configuration has problems. */
  reload(): Promise<void>;
  /** Finishes or hands back what is in flight, then closes everything. */
  stop(): Promise<void>;
}

/** The API's, as its document says. */
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
  hide([operatorKey.value]);
  const engine = await openEngine(
    settings,
    log,
    options.queuePrefix ? { queuePrefix: options.queuePrefix } : {},
  );
  const metrics = createMetrics();
  metrics.observeBacklog(() => countBacklog(engine.database.pool));
  const channels = createChannelDirectory();
  const stopping = new AbortController();
  const workspaces = createWorkspaces({
    engine,
    settings,
    channels,
    kinds: options.channels,
    bots: options.bots,
    env: () => env,
    hide,
    log,
  });
  const { agents } = workspaces;
  const bounds = { ...BOUNDS, ...options.bounds };

  const attachments = createAttachmentParts({
    engine,
    channels,
    settings,
    secret: operatorKey.value,
    onFailedWrite: () => metrics.failedFileWrites.inc(),
    log,
  });
  const pipeline = createPipeline({
    engine,
    channels,
    agents,
    attachments,
    role: settings.role,
    metrics,
    room: createRoom(bounds.messages),
    log,
    ...(options.times ? { times: options.times } : {}),
  });

  const reach = createReach(channels);
  const outreach = createOutreach({ engine, channels, agents, pipeline, reach, log });
  const proactive = createProactiveParts({
    engine,
    channels,
    agents,
    pipeline,
    outreach,
    hasReceipts: (kind) => options.channels[kind]?.capabilities.receipts ?? false,
    role: settings.role,
    eventLogDays: settings.eventLogDays,
    log,
  });

  async function reload(): Promise<void> {
    const read = options.reload();
    hide(read.secrets);
    env = environment();
    await workspaces.publish(read.workspaces);
  }

  const conversations = createConversationParts({
    engine,
    channels,
    agents,
    pipeline,
    attachments,
    userRate: createRateLimit(perMinute(settings.rates.perUser), Date.now),
    log,
  });
  const api = createApi({
    engine,
    channels,
    reach,
    enqueueDeliveries: pipeline.enqueueDeliveries,
    onErased: pipeline.stopSessions,
    routes: [...conversations.routes, ...proactive.routes],
    more: [conversations.openai],
    keyRate: createRateLimit(perMinute(settings.rates.perKey), Date.now),
    keyStreams: createOpenLimit(settings.streamsPerKey),
    version: VERSION,
    log,
  });
  const running = createRunningChannels({ engine, channels, pipeline, stopping: stopping.signal, log });
  const sockets = conversations.sockets(api);

  const http = createHttpParts({
    engine,
    channels,
    agents,
    pipeline,
    attachments,
    metrics,
    api: api.mounts,
    publicUrl: settings.publicUrl.url,
    bounds,
    stopping: stopping.signal,
    log,
  });
  http.server.on("upgrade", (request, socket, head) => {
    if (!sockets.upgrade(request, socket, head)) socket.destroy();
  });

  async function stop(): Promise<void> {
    log.info({}, "stopping");
    stopping.abort();
    sockets.close();
    api.stop();
    // Long streams end by themselves when they see the signal; what is left after a moment is cut.
    const closed = http.close(2_000);
    await running.ended();
    await closed;
    await proactive.stop();
    await pipeline.stop();
    await engine.queues.close();
    await pipeline.flush();
    // Last, because stopping a channel cuts its connections: a send under way would have an unknown outcome.
    await running.stop();
    await agents.close();
    await engine.close();
    log.info({}, "stopped");
  }

  try {
    await workspaces.publish(config.workspaces);
    workspaces.markStarted();
    const home = workspaces.firstId();
    if (home !== null) await api.ensureOperatorKey(home, operatorKey.value);
    await pipeline.start();
    await proactive.start();
    const port = await http.listen(settings.host, settings.port);
    const app: App = {
      url: `http://${settings.host.includes(":") ? `[${settings.host}]` : settings.host}:${port}`,
      engine,
      pipeline,
      attachments,
      channels,
      agents,
      operatorKey,
      reload,
      stop,
    };
    if (settings.role !== "worker") await running.start();
    agents.warmUp();
    return app;
  } catch (error) {
    await stop().catch((cause: unknown) => log.error({ err: cause }, "could not stop after a failed start"));
    throw error;
  }
}
