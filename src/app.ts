import { createAgentCatalog } from "./agents/agent-catalog.ts";
import { createAgentRepository } from "./agents/agent-repository.ts";
import { createApi } from "./api.ts";
import type { Bot, BotDefinition } from "./bots/bot.ts";
import type { ChannelContext, ChannelDefinition } from "./channels/channel.ts";
import { type ChannelDirectory, createChannelDirectory } from "./channels/channel-directory.ts";
import { type Environment, readEnvironment } from "./config/env.ts";
import { reviveAgent } from "./config/load-agent.ts";
import type { LoadedConfig } from "./config/load-config.ts";
import type { WorkspaceConfig } from "./config/load-workspace.ts";
import { readOrCreateSecret } from "./config/secret-file.ts";
import { createConversationParts } from "./conversations.ts";
import { ConfigError } from "./core/errors.ts";
import type { Logger } from "./core/logger.ts";
import { type Engine, openEngine } from "./engine.ts";
import { createRateLimit, perMinute } from "./http/api/rate-limit.ts";
import { healthRoutes } from "./http/health-routes.ts";
import { createHttpServer } from "./http/server.ts";
import { webhookRoutes } from "./http/webhook-routes.ts";
import { createMetrics } from "./observability/metrics.ts";
import { createPipeline, type Pipeline } from "./pipeline.ts";
import type { PipelineTimes } from "./pipeline-deps.ts";
import { createProactiveParts } from "./proactive-parts.ts";
import { findConversation, lastUserMessageAt } from "./sessions/conversation-repository.ts";
import { countBacklog } from "./storage/backlog.ts";
import { createChannelValues } from "./storage/channel-values.ts";
import { whileLeader } from "./storage/leader.ts";
import { createWebParts } from "./web-parts.ts";

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
  /** Keeps several services on one Redis apart. */
  queuePrefix?: string;
}

export interface App {
  url: string;
  engine: Engine;
  pipeline: Pipeline;
  channels: ChannelDirectory;
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
  const agentRepository = createAgentRepository(engine.database.pool);
  const channels = createChannelDirectory();
  const stopping = new AbortController();
  const background = new Set<Promise<void>>();
  let workspaces: PublishedConfig[] = [];
  let started = false;

  const agents = createAgentCatalog({
    version: agentRepository.version,
    revive(agentId, slug, published) {
      const current = workspaces.find(({ agentIds }) => agentIds.get(slug) === agentId)?.workspace.agents[
        slug
      ];
      const from = { env, bots: options.bots };
      const { agent, problems, secrets } = reviveAgent(slug, published, current ?? null, from);
      hide(secrets);
      if (!agent) throw new ConfigError(problems);
      return agent;
    },
    createBot: (definition) => createBot(options.bots, definition.bot, log),
  });

  const pipeline = createPipeline({
    engine,
    channels,
    agents,
    role: settings.role,
    metrics,
    log,
    ...(options.times ? { times: options.times } : {}),
  });

  const proactive = createProactiveParts({ engine, channels, agents, pipeline, role: settings.role, log });

  async function reload(): Promise<void> {
    const read = options.reload();
    hide(read.secrets);
    env = environment();
    await publish(read.workspaces);
  }

  async function publish(configured: readonly WorkspaceConfig[]): Promise<void> {
    const published = [];
    for (const workspace of configured) published.push(await publishWorkspace(workspace));
    workspaces = published;
    agents.refresh(new Map(published.flatMap(({ versions }) => [...versions])));
  }

  async function publishWorkspace(workspace: WorkspaceConfig): Promise<PublishedConfig> {
    const rows = await agentRepository.publish({
      slug: workspace.slug,
      agents: Object.values(workspace.agents),
      channels: Object.values(workspace.channels),
    });
    for (const [slug, { version, isNew }] of rows.agents) {
      if (isNew) log.info({ workspace: workspace.slug, agent: slug, version }, "agent version published");
    }
    for (const channel of Object.values(workspace.channels)) {
      const agent = rows.agents.get(channel.agent);
      const row = rows.channels.get(channel.name);
      if (!channel.enabled || channel.config === null || !agent || !row) continue;
      const running = channels.byName(channel.name);
      if (running) {
        // A reload: the channel goes on, new sessions get the new version.
        Object.assign(running.ref, {
          agentId: agent.id,
          agentVersion: agent.version,
          agents: rows.agents,
        });
        continue;
      }
      if (started) {
        // Half a channel would take messages and never send the answers.
        log.warn({ channel: channel.name }, "a new channel starts with the next restart");
        continue;
      }
      const definition = options.channels[channel.kind];
      if (!definition) throw new Error(`no channel of kind ${channel.kind}`);
      const { sessions, resetCommand, typingRefreshMs, addressesUsers = false } = definition.capabilities;
      channels.add({
        definition,
        config: channel.config,
        error: null,
        channel: definition.create({
          name: channel.name,
          config: channel.config,
          publicUrl: settings.publicUrl,
          values: createChannelValues(engine.database.pool, row.id),
          findConversation: (externalId) => findConversation(engine.database.pool, row.id, externalId),
          lastUserMessageAt: (address) => lastUserMessageAt(engine.database.pool, row.id, address),
          log: log.child({ channel: channel.name }),
        }),
        ref: {
          id: row.id,
          workspaceId: rows.id,
          name: channel.name,
          kind: channel.kind,
          agentId: agent.id,
          agentVersion: agent.version,
          agents: rows.agents,
          sessions,
          addressesUsers,
          resetCommand,
          typingRefreshMs,
          split: definition.split,
        },
      });
    }
    return {
      workspace,
      id: rows.id,
      agentIds: new Map([...rows.agents].map(([slug, { id }]) => [slug, id])),
      versions: new Map([...rows.agents.values()].map(({ id, version }) => [id, version])),
    };
  }

  const conversations = createConversationParts({
    engine,
    channels,
    agents,
    pipeline,
    userRate: createRateLimit(perMinute(settings.rates.perUser), Date.now),
    log,
  });
  const api = createApi({
    engine,
    channels,
    enqueueDeliveries: pipeline.enqueueDeliveries,
    onErased: pipeline.stopSessions,
    routes: [...conversations.routes, ...proactive.routes],
    more: [conversations.openai],
    keyRate: createRateLimit(perMinute(settings.rates.perKey), Date.now),
    version: VERSION,
    log,
  });
  const sockets = conversations.sockets(api);

  const http = createHttpServer(
    {
      webhooks: webhookRoutes({
        channel: (name) => channels.byName(name),
        accept: (ref, events) => pipeline.ingest.acceptEvents(ref, events),
        onReceived: (ref, outcome) => {
          if (outcome === "rejected") metrics.inbound.inc({ channel: ref.name, outcome });
        },
      }),
      health: healthRoutes({
        dependencies: () => engine.health(),
        channels: () =>
          Object.fromEntries(
            channels
              .all()
              .map(({ ref, error }) => [
                ref.name,
                { kind: ref.kind, state: error === null ? "ok" : "error", last_error: error },
              ]),
          ),
        metrics: async () => ({ contentType: metrics.contentType, text: await metrics.text() }),
        draining: () => stopping.signal.aborted,
      }),
      onFinished({ seconds, ...labels }) {
        metrics.httpSeconds.observe(labels, seconds);
      },
      mounts: [
        ...api.mounts,
        {
          path: "/",
          router: createWebParts({
            engine,
            channels,
            pipeline,
            publicUrl: settings.publicUrl.url,
            draining: stopping.signal,
          }),
        },
      ],
    },
    log,
  );
  http.server.on("upgrade", (request, socket, head) => {
    if (!sockets.upgrade(request, socket, head)) socket.destroy();
  });

  async function startChannels(): Promise<void> {
    for (const running of channels.all()) {
      const context: ChannelContext = {
        accept: (events) => pipeline.ingest.acceptEvents(running.ref, events),
        reportError: (error) => {
          running.error = error;
        },
        whileLeader(name, task) {
          const leading = whileLeader(engine.database.pool, name, task, { stop: stopping.signal, log });
          background.add(leading);
        },
      };
      await running.channel.start?.(context);
    }
  }

  async function stop(): Promise<void> {
    log.info({}, "stopping");
    stopping.abort();
    sockets.close();
    api.stop();
    // Long streams end by themselves when they see the signal; what is left after a moment is cut.
    const closed = http.close(2_000);
    await Promise.all(background);
    await closed;
    await proactive.stop();
    await pipeline.stop();
    await engine.queues.close();
    await pipeline.flush();
    // Last, because stopping a channel cuts its connections: a send under way would have an unknown outcome.
    await Promise.all(channels.all().map(({ channel }) => channel.stop?.()));
    await agents.close();
    await engine.close();
    log.info({}, "stopped");
  }

  try {
    await publish(config.workspaces);
    started = true;
    const [first] = workspaces;
    if (first) await api.ensureOperatorKey(first.id, operatorKey.value);
    await pipeline.start();
    await proactive.start();
    const port = await http.listen(settings.host, settings.port);
    const app: App = {
      url: `http://${settings.host.includes(":") ? `[${settings.host}]` : settings.host}:${port}`,
      engine,
      pipeline,
      channels,
      operatorKey,
      reload,
      stop,
    };
    if (settings.role !== "worker") await startChannels();
    return app;
  } catch (error) {
    await stop().catch((cause: unknown) => log.error({ err: cause }, "could not stop after a failed start"));
    throw error;
  }
}

interface PublishedConfig {
  workspace: WorkspaceConfig;
  id: string;
  agentIds: Map<string, string>;
  versions: Map<string, number>;
}

function createBot(
  bots: Readonly<Record<string, BotDefinition>>,
  bot: { type: string; config: unknown },
  log: Logger,
): Bot {
  const definition = bots[bot.type];
  if (!definition) throw new Error(`no bot of type ${bot.type}`);
  return definition.create(bot.config, { log });
}
