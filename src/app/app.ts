import type { AgentCatalog } from "../agents/agent-catalog.ts";
import type { BotDefinition } from "../bots/bot.ts";
import type { ChannelDefinition } from "../channels/channel-definition.ts";
import type { ChannelDirectory } from "../channels/channel-directory.ts";
import { type Environment, giveToPackages, readEnvironment } from "../config/env.ts";
import type { LoadedConfig } from "../config/load-config.ts";
import { resolvePublicUrl } from "../config/public-url.ts";
import { readOrCreateSecret } from "../config/secret-file.ts";
import type { Settings } from "../config/settings.ts";
import { abortable } from "../core/process/abortable.ts";
import type { Logger } from "../core/process/logger.ts";
import type { WorkTimes } from "../core/process/working-process.ts";
import type { Bounds } from "../http/server/bounds.ts";
import { createCallerOf } from "../http/server/caller-address.ts";
import { startTracing } from "../observability/tracing.ts";
import { loadPrisma } from "../storage/prisma.ts";
import type { AttachmentParts } from "./attachments.ts";
import { type Engine, openEngine } from "./engine.ts";
import type { Pipeline } from "./pipeline.ts";
import { createService, VERSION } from "./service.ts";
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

/** The composition root: builds everything once, top to bottom, and starts it. */
export async function startApp(options: AppOptions): Promise<App> {
  const { config, log } = options;
  const { settings } = config;
  const environment = options.environment ?? readEnvironment;
  const hide = options.hide ?? (() => undefined);
  let env = environment();
  const operatorKey = operatorKeyOf(settings);
  hide([operatorKey.value, settings.oidc?.clientSecret ?? ""].filter((value) => value !== ""));
  const { stopAsked } = options;
  // Visitors would wait for Prisma's first call. It loads while Postgres starts.
  const prismaLoaded = servesVisitors(config) ? loadPrisma() : null;
  // The start waits for it later, and reports a failure then.
  prismaLoaded?.catch(() => undefined);
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
  const secrets = { env: () => env, hide };
  const service = createService({ options, secrets, engine, simulator, callerOf, tracing });
  const { workspaces, agents, channels, attachments, pipeline, proactive, api, running, sockets, http } =
    service;
  const { stopping, giveUp } = service;

  async function reload(): Promise<void> {
    const read = options.reload();
    hide(read.secrets);
    simulator?.connect(read.workspaces);
    env = environment();
    await workspaces.publish(read.workspaces);
  }

  const stop = (): Promise<void> =>
    stopApp({
      settings,
      service: { engine, pipeline, http },
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
    await prismaLoaded;
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

function servesVisitors({ settings, workspaces }: LoadedConfig): boolean {
  const channels = workspaces.flatMap((workspace) => Object.values(workspace.channels));
  return settings.role !== "worker" && channels.some(({ kind, enabled }) => kind === "web" && enabled);
}

/** The first operator key: as given, or the generated one that the data directory keeps. */
function operatorKeyOf({ apiKey, dataDir }: Settings): App["operatorKey"] {
  return apiKey === null ? readOrCreateSecret(dataDir, "api-key", "cw_") : { value: apiKey, path: null };
}
