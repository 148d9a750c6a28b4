import { startApp } from "../../src/app/app.ts";
import { botDefinitions as bots } from "../../src/bots/registry.ts";
import { channelDefinitions as channels } from "../../src/channels/registry.ts";
import { readEnvironment } from "../../src/config/env.ts";
import { loadConfig } from "../../src/config/load-config.ts";
import { createLogger } from "../../src/observability/logger.ts";
import { createRedactor } from "../../src/observability/redaction.ts";

// The same application as main.ts starts, with the times of the first argument: JSON of WorkTimes.
const times = JSON.parse(process.argv[2] ?? "{}");
const load = () => loadConfig({ bots, channels, env: readEnvironment() });
const config = load();
const redactor = createRedactor(config.secrets);
const log = createLogger({ level: config.settings.logLevel, redactor });
const app = await startApp({ bots, channels, config, reload: load, hide: redactor.add, log, times });
process.stdout.write(`Causeway listens on ${app.url}\n`);
process.once("SIGTERM", () =>
  app.stop().then(
    () => process.exit(0),
    () => process.exit(1),
  ),
);
