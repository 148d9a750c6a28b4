import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inject } from "vitest";
import { type App, type AppOptions, startApp } from "../../src/app/app.ts";
import type { BotDefinition } from "../../src/bots/bot.ts";
import { botDefinitions } from "../../src/bots/registry.ts";
import type { ChannelDefinition } from "../../src/channels/channel-definition.ts";
import { channelDefinitions } from "../../src/channels/registry.ts";
import { loadConfig } from "../../src/config/load-config.ts";
import { createTestDatabase, type TestDatabase } from "./postgres.ts";
import { type LoggedLine, quietLog } from "./quiet-log.ts";

export interface TestAppOptions {
  /** As in channels.config.json. Default: one `echo` agent. */
  agents?: Record<string, unknown>;
  channels?: Record<string, unknown>;
  desks?: Record<string, unknown>;
  workspace?: string;
  env?: Record<string, string>;
  /** Additional kinds of bots and channels, such as test doubles. */
  bots?: Record<string, BotDefinition>;
  kinds?: Record<string, ChannelDefinition>;
  /** A database that outlives this application, for restarts and for several processes. */
  database?: TestDatabase;
  /** `redis` if the test run has one. Default: the queue of this run. */
  queue?: "postgres" | "redis";
  times?: AppOptions["times"];
  bounds?: AppOptions["bounds"];
  /** Receives the values that the application removes from its logs. */
  hide?: AppOptions["hide"];
}

export interface TestApp extends AsyncDisposable {
  app: App;
  url: string;
  apiKey: string;
  database: TestDatabase;
  dataDir: string;
  log: LoggedLine[];
  /** Calls the API with the operator key; returns status and parsed body. */
  api(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<ApiAnswer>;
  /** Rewrites the configuration file and changes the environment, as an operator would before a reload. */
  configure(changes: Pick<TestAppOptions, "agents" | "channels" | "env" | "workspace">): Promise<void>;
  stop(): Promise<void>;
}

export interface ApiAnswer {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  body: any;
}

const ECHO = { echo: { bot: { type: "echo" } } };

/** The queue of this test run. The suite runs once with each queue. */
const defaultQueue = (): "postgres" | "redis" =>
  process.env["CAUSEWAY_TEST_QUEUE"] === "redis" && inject("redisUrl") ? "redis" : "postgres";

/** The whole application with a separate database: `await using app = await startTestApp({ … })`. */
export async function startTestApp(options: TestAppOptions = {}): Promise<TestApp> {
  const database = options.database ?? (await createTestDatabase());
  const dataDir = await mkdtemp(join(tmpdir(), "causeway-app-"));
  const file = join(dataDir, "channels.config.json");
  const write = (changes: Pick<TestAppOptions, "agents" | "channels" | "workspace">) =>
    writeFile(
      file,
      JSON.stringify({
        workspace: changes.workspace ?? options.workspace ?? "default",
        agents: changes.agents ?? options.agents ?? ECHO,
        channels: changes.channels ?? options.channels ?? { api: { kind: "api", agent: "echo" } },
        ...(options.desks === undefined ? {} : { desks: options.desks }),
      }),
    );
  await write({});
  const queue = options.queue ?? defaultQueue();
  const redisUrl = queue === "redis" ? inject("redisUrl") : null;
  const apiKey = "cw_test_operator_key_0123456789";
  const env = {
    PORT: "0",
    CAUSEWAY_CONFIG: file,
    CAUSEWAY_DATA_DIR: dataDir,
    CAUSEWAY_API_KEY: apiKey,
    DATABASE_URL: database.url,
    // Each connection costs Postgres more than the rest of a start. Few of them also show who waits for a second one.
    CAUSEWAY_DATABASE_CONNECTIONS: "5",
    ...(redisUrl ? { REDIS_URL: redisUrl } : {}),
    ...options.env,
  };
  const channels = { ...channelDefinitions, ...options.kinds };
  const bots = { ...botDefinitions, ...options.bots };
  const load = () => loadConfig({ env, directory: dataDir, bots, channels });
  const log = quietLog();
  const app = await startApp({
    config: load(),
    reload: load,
    channels,
    bots,
    log,
    environment: () => env,
    ...(options.hide ? { hide: options.hide } : {}),
    queuePrefix: database.name,
    ...(options.bounds ? { bounds: options.bounds } : {}),
    times: { reconcileMs: 1_000, strandedMs: 1_000, ...options.times },
  });
  let stopped: Promise<void> | null = null;
  const stop = async () => {
    stopped ??= app.stop();
    await stopped;
  };
  return {
    app,
    url: app.url,
    apiKey,
    database,
    dataDir,
    log: log.lines,
    async configure(changes) {
      Object.assign(env, changes.env);
      await write(changes);
    },
    stop,
    async api(method, path, body, headers = {}) {
      const response = await fetch(`${app.url}/api/v1${path}`, {
        method,
        headers: {
          authorization: `Bearer ${apiKey}`,
          ...(body === undefined ? {} : { "content-type": "application/json" }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      return {
        status: response.status,
        headers: response.headers,
        body: text === "" ? null : JSON.parse(text),
      };
    },
    async [Symbol.asyncDispose]() {
      await stop();
      if (!options.database) await database.drop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
