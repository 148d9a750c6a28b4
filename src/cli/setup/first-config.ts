import { existsSync, writeFileSync } from "node:fs";
import { relative, sep } from "node:path";
import { pathToFileURL } from "node:url";
import type { Environment } from "../../config/env.ts";
import { parseSettings } from "../../config/settings.ts";
import { packageFile } from "../../core/process/package-file.ts";

const SCHEMA = packageFile("docs/channels.config.schema.json");

/**
 * Writes a configuration that works without any key, if there is no configuration yet. Returns its path as people write
 * it; null if there is one.
 */
export function writeFirstConfig(env: Environment, directory: string): string | null {
  const path = configPath(env, directory);
  if (path === null || existsSync(path)) return null;
  try {
    // Fails if another process has written it in the meantime.
    writeFileSync(path, firstConfig(directory), { flag: "wx" });
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return null;
    throw error;
  }
  return relative(directory, path);
}

/** The configuration file of a directory, whether it exists or not. Null if there are several. */
export function configPath(env: Environment, directory: string): string | null {
  const { configFiles } = parseSettings(env, directory).settings;
  const [path = null] = configFiles;
  return configFiles.length === 1 ? path : null;
}

/** The text of a first configuration: a web chat and the API, both with an echo bot. */
export function firstConfig(directory: string): string {
  const config = {
    $schema: schemaAddress(directory),
    agents: { echo: { name: "Echo", bot: { type: "echo" } } },
    channels: {
      web: {
        kind: "web",
        agent: "echo",
        greeting: "I say back whatever you write, so that you can look around.",
        starters: ["Hello!", "Is this **bold**?"],
      },
      api: { kind: "api", agent: "echo" },
    },
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}

/** The schema shows editors what each key means. Inside of the directory, its address moves along with it. */
function schemaAddress(directory: string): string {
  const inside = relative(directory, SCHEMA);
  return inside.startsWith("..") ? pathToFileURL(SCHEMA).href : `./${inside.split(sep).join("/")}`;
}
