import { type App, startApp } from "./app.ts";
import { botDefinitions } from "./bots/registry.ts";
import { channelDefinitions } from "./channels/registry.ts";
import { readEnvironment } from "./config/env.ts";
import { formatConfigProblems } from "./config/format-problems.ts";
import { type LoadedConfig, loadConfig } from "./config/load-config.ts";
import { ConfigError, StartupError } from "./core/errors.ts";
import type { Logger } from "./core/logger.ts";
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
  const starting = startApp({ ...sources, config, reload: load, hide: redactor.add, log });
  obeySignals(starting, log);
  greet(await starting);
  giveBackMemory();
}

/** From the first moment: a signal that comes during the start is obeyed when there is something to stop. */
function obeySignals(starting: Promise<App>, log: Logger): void {
  let stopping = false;
  const stop = (signal: string) => {
    if (stopping) return;
    stopping = true;
    log.info({ signal }, "signal received");
    starting
      .then((app) => app.stop())
      .then(
        () => process.exit(0),
        (error: unknown) => {
          log.error({ err: error }, "could not stop cleanly");
          process.exit(1);
        },
      );
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
  process.on("SIGHUP", () => {
    starting
      .then((app) => app.reload())
      .then(
        () => log.info({}, "configuration reloaded"),
        (error: unknown) => {
          log.error({ err: error }, "configuration not reloaded; the old one stays in force");
        },
      );
  });
}

/** What a person at a terminal wants to know: where to chat, where the key is. */
function greet(app: App): void {
  const chats = app.channels.all().filter(({ ref }) => ref.kind === "web");
  const lines = [
    "",
    `Causeway listens on ${app.url}`,
    ...chats.map(({ ref }) => `Chat here:        ${app.url}/chat/${ref.name}`),
    `API:              ${app.url}/docs`,
    app.operatorKey.path
      ? `Operator key in:  ${app.operatorKey.path}`
      : "Operator key:     as CAUSEWAY_API_KEY says",
    "",
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
}

main().catch((error: unknown) => {
  if (error instanceof ConfigError) process.stderr.write(`${formatConfigProblems(error.problems)}\n`);
  else if (error instanceof StartupError) process.stderr.write(`${error.message}\n`);
  else process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  process.exit(1);
});
