import type { ConfigProblem } from "../core/faults/errors.ts";
import type { Registries } from "./config-file.ts";
import { pathText } from "./json-path.ts";
import type { WorkspaceConfig } from "./load-workspace.ts";

interface Connected {
  kind: string;
  /** Identifies the connection on its platform. Never shown. */
  name: string;
  /** Name of the channel in problems. */
  channel: string;
  path: string;
  exclusive: boolean;
}

/**
 * Finds channels that use the same account. If one of them takes all messages (it polls), the others miss messages,
 * which is a problem. If the platform serves only one of them, it is a warning.
 */
export function sharedConnections(
  workspaces: readonly WorkspaceConfig[],
  definitions: Registries["channels"],
): { problems: ConfigProblem[]; warnings: ConfigProblem[] } {
  const problems: ConfigProblem[] = [];
  const warnings: ConfigProblem[] = [];
  const seen: Connected[] = [];
  for (const each of connectedOf(workspaces, definitions)) {
    const other = seen.find(({ kind, name }) => kind === each.kind && name === each.name);
    seen.push(each);
    if (other === undefined) continue;
    const isProblem = each.exclusive || other.exclusive;
    (isProblem ? problems : warnings).push({
      path: each.path,
      problem: `is that of the channel "${other.channel}" too, and each message comes to one of the two only`,
      fix: "give each channel a bot or a number of its own, or switch one off",
    });
  }
  return { problems, warnings };
}

function connectedOf(
  workspaces: readonly WorkspaceConfig[],
  definitions: Registries["channels"],
): Connected[] {
  return workspaces.flatMap(({ file, channels }) =>
    Object.values(channels).flatMap(({ name: channel, kind, enabled, config }) => {
      const connection = enabled && config !== null ? definitions[kind]?.connection?.(config) : null;
      if (!connection) return [];
      const { key, name, exclusive } = connection;
      return [{ kind, name, channel, path: pathText(file, ["channels", channel, key]), exclusive }];
    }),
  );
}
