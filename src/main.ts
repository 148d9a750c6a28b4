import { resolve } from "node:path";
import { type App, startApp } from "./app/app.ts";
import { botDefinitions } from "./bots/registry.ts";
import { channelDefinitions } from "./channels/registry.ts";
import { readEnvironment } from "./config/env.ts";
import { formatConfigProblems } from "./config/format-problems.ts";
import { type LoadedConfig, loadConfig } from "./config/load-config.ts";
import { ConfigError, StartStopped, StartupError } from "./core/faults/errors.ts";
import { explainStart } from "./core/faults/start-fault.ts";
import { createFileWatch } from "./core/process/file-watch.ts";
import type { Logger } from "./core/process/logger.ts";
import { writePidFile } from "./core/process/pid-file.ts";
import { giveBackMemory } from "./observability/give-back-memory.ts";
import { createLogger } from "./observability/logger.ts";
import { createRedactor } from "./observability/redaction.ts";

const sources = { bots: botDefinitions, channels: channelDefinitions };
const load = (): LoadedConfig => loadConfig({ ...sources, env: readEnvironment() });

async function main(): Promise<void> {
  const config = load();
  const redactor = createRedactor(config.secrets);
  const log = createLogger({ level: config.settings.logLevel, redactor });
  for (const { path, problem, fix } of config.warnings) log.warn({ path }, `${path} ${problem}: ${fix}`);
  const stopAsked = new AbortController();
  const { signal } = stopAsked;
  const reloads = createReloads(log);
  const watch = config.settings.watch ? createFileWatch(reloads.ask) : null;
  const files = ({ files }: LoadedConfig) => [...files, resolve(".env")];
  watch?.watch(files(config));
  const starting = startApp({
    ...sources,
    config,
    reload() {
      const read = load();
      watch?.watch(files(read));
      return read;
    },
    hide: redactor.add,
    stopAsked: signal,
    log,
  });
  const { stopSeconds } = config.settings;
  obeyStops({ starting, stopAsked: () => stopAsked.abort(new StartStopped()), stopSeconds, log });
  reloads.of(starting);
  const app = await starting.catch((error: unknown) => {
    throw explainStart(error, config.settings);
  });
  nameProcess(config.settings, app.url, log);
  await greet(app, config.settings);
  giveBackMemory();
}

/**
 * A signal within this time of the first one counts as the same. `npm` passes on the terminal's signal, milliseconds.
 */
const SAME_MS = 1_000;

/** Active from the start: a signal during the start ends it. */
function obeyStops(deps: {
  starting: Promise<App>;
  stopAsked(): void;
  stopSeconds: number;
  log: Logger;
}): void {
  const { starting, log } = deps;
  let askedAt: number | null = null;

  function obey(signal: string): void {
    if (askedAt === null) {
      askedAt = performance.now();
      log.info({ signal }, "signal received");
      void stop();
    } else if (performance.now() - askedAt > SAME_MS) {
      log.warn(
        { signal },
        "second signal received: ending at once; the next process continues the unfinished work",
      );
      process.exit(1);
    }
  }

  async function stop(): Promise<void> {
    // Ends the process after this time, in case a step ignores its own limit.
    setTimeout(
      () => {
        log.error({ seconds: deps.stopSeconds }, "the stop took too long; ending at once");
        process.exit(1);
      },
      deps.stopSeconds * 1_000 + SAME_MS,
    );
    deps.stopAsked();
    try {
      await (await starting).stop();
      process.exit(0);
    } catch (error) {
      if (error instanceof StartStopped) process.exit(0);
      log.error({ err: error }, "could not stop cleanly");
      process.exit(1);
    }
  }

  process.on("SIGTERM", obey);
  process.on("SIGINT", obey);
}

/** Reloads on SIGHUP and whenever it is asked to, one after another. */
function createReloads(log: Logger): { ask(): void; of(starting: Promise<App>): void } {
  let before: Promise<unknown> = Promise.resolve();
  let app: Promise<App> | null = null;
  function ask(): void {
    before = before
      .then(async () => (await app)?.reload())
      .then(
        () => log.info({}, "configuration reloaded"),
        (error: unknown) => {
          log.error({ err: error }, "configuration not reloaded; the old one is still used");
        },
      );
  }
  process.on("SIGHUP", ask);
  return {
    ask,
    of(starting) {
      app = starting;
    },
  };
}

/** Leaves this process's id in the data directory, for `causeway reload`. The service runs without it as well. */
function nameProcess({ dataDir, role }: LoadedConfig["settings"], url: string, log: Logger): void {
  try {
    process.once("exit", writePidFile(dataDir, `${role}-${new URL(url).port}`));
  } catch (error) {
    log.warn({ err: error }, "the process id could not be stored: reload with kill -HUP");
  }
}

/** Prints the data that a person at a terminal needs: the URLs that work in a browser, and the key's place. */
async function greet(app: App, { role, publicUrl }: LoadedConfig["settings"]): Promise<void> {
  const base = publicUrl.isPublic ? publicUrl.url : app.url;
  const chats = app.channels.all().filter(({ ref }) => ref.kind === "web");
  // A worker serves no console. A failure to make the link must not end the service.
  const link = role === "worker" ? null : await app.signInLink().catch(() => null);
  const lines = [
    "",
    `Causeway listens on ${app.url}`,
    ...chats.map(({ ref }) => `Chat here:        ${base}/chat/${ref.name}`),
    ...(app.simulated.length > 0 ? [`Phones: ${app.url}/simulator`] : []),
    `API:              ${base}/docs`,
    ...(link === null
      ? []
      : [`Console:          ${link.split("#")[0]}`, `Sign in once:     ${link} (within ten minutes)`]),
    app.operatorKey.path
      ? `Operator key in:  ${app.operatorKey.path}`
      : "Operator key:     as CAUSEWAY_API_KEY says",
    "",
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
}

main().catch((error: unknown) => {
  if (error instanceof StartStopped) process.exit(0);
  if (error instanceof ConfigError) process.stderr.write(`${formatConfigProblems(error.problems)}\n`);
  else if (error instanceof StartupError) process.stderr.write(`${error.message}\n`);
  else process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  process.exit(1);
});
