import { botDefinitions } from "../bots/registry.ts";
import { channelDefinitions } from "../channels/registry.ts";
import type { Environment } from "../config/env.ts";
import { formatConfigProblems } from "../config/format-problems.ts";
import { loadConfig } from "../config/load-config.ts";
import { ConfigError } from "../core/faults/errors.ts";

/** Checks the settings and configuration files without starting anything. True if the service can start with them. */
export function checkConfig(env: Environment, print: (line: string) => void): boolean {
  try {
    const config = loadConfig({ env, bots: botDefinitions, channels: channelDefinitions });
    for (const { path, problem, fix } of config.warnings) print(`Warning: ${path} ${problem}: ${fix}`);
    for (const { slug, agents, channels } of config.workspaces) {
      const enabled = Object.values(channels).filter((channel) => channel.enabled);
      const names = enabled.map(({ name, kind, agent }) => `${name} (${kind}) -> ${agent}`);
      const count = Object.keys(agents).length;
      const agentsText = count === 1 ? "1 agent" : `${count} agents`;
      print(`Workspace ${slug}: ${agentsText}; ${names.join(", ") || "no channels"}`);
    }
    print("The configuration is valid.");
    return true;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    print(formatConfigProblems(error.problems));
    return false;
  }
}
