import { readFileSync } from "node:fs";
import { basename, relative } from "node:path";
import { ConfigError, type ConfigProblem } from "../core/errors.ts";
import type { Registries } from "./config-file.ts";
import type { Environment } from "./env.ts";
import { pathText } from "./json-path.ts";
import { parseJsonText } from "./json-text.ts";
import { type LoadedWorkspace, loadWorkspace, type WorkspaceConfig } from "./load-workspace.ts";
import { parseSettings, type Settings } from "./settings.ts";

/** Everything the service was told, checked. */
export interface LoadedConfig {
  settings: Settings;
  workspaces: WorkspaceConfig[];
  /** Values that must never be shown; give them to the logger. */
  secrets: string[];
  /** Accepted, but worth a line in the log. */
  warnings: ConfigProblem[];
}

/** What the configuration is read from and checked against. */
export interface ConfigSources extends Registries {
  /** As `readEnvironment` gives it. */
  env: Environment;
  /** Paths of files instead of those `CAUSEWAY_CONFIG` names. */
  files?: readonly string[];
  /** What relative paths start from; the working directory if not given. */
  directory?: string;
}

/**
 * Reads the environment and every configuration file. Throws one `ConfigError` with every problem found in any of
 * them. Calling it again reads everything anew: that is what a reload does.
 */
export function loadConfig(sources: ConfigSources): LoadedConfig {
  const { config, problems } = inspectConfig(sources);
  if (problems.length > 0) throw new ConfigError(problems);
  return config;
}

/**
 * The same without an end at the problems: what is left out of the configuration is what they are about, and a default
 * stands in for a setting that cannot be used.
 */
export function inspectConfig(sources: ConfigSources): { config: LoadedConfig; problems: ConfigProblem[] } {
  const directory = sources.directory ?? process.cwd();
  const { settings, problems } = parseSettings(sources.env, directory);
  const files = sources.files ?? settings.configFiles;
  const loaded = files.map((file) => loadFile(file, directory, sources));
  const workspaces = loaded.map(({ workspace }) => workspace);
  const all = [...problems, ...loaded.flatMap((workspace) => workspace.problems), ...collisions(workspaces)];
  const config = {
    settings,
    workspaces,
    secrets: [...settingsSecrets(settings), ...loaded.flatMap(({ secrets }) => secrets)],
    warnings: all.length > 0 ? [] : switchedOffAgents(workspaces),
  };
  return { config, problems: all };
}

function loadFile(path: string, directory: string, sources: ConfigSources): LoadedWorkspace {
  const inside = relative(directory, path);
  const file = inside.startsWith("..") ? path : inside || basename(path);
  const failed = (problem: ConfigProblem): LoadedWorkspace => ({
    workspace: { slug: "", file, agents: {}, channels: {} },
    problems: [problem],
    secrets: [],
  });
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    const problem = code === "ENOENT" ? "does not exist" : `cannot be read (${code})`;
    return failed({ path: file, problem, fix: "name an existing, readable file in CAUSEWAY_CONFIG" });
  }
  const parsed = parseJsonText(text, file);
  return "problem" in parsed ? failed(parsed.problem) : loadWorkspace(parsed.value, { ...sources, file });
}

/**
 * Files share the database and the URLs: a workspace may stand in one of them only, and so may the name of a channel,
 * but for those of kind `api`, which no URL names, and those that are switched off.
 */
function collisions(workspaces: readonly WorkspaceConfig[]): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const workspaceFiles = new Map<string, string>();
  const channelFiles = new Map<string, string>();
  for (const { slug, file, channels } of workspaces) {
    const sameWorkspace = workspaceFiles.get(slug);
    if (slug !== "" && sameWorkspace !== undefined) {
      const problem = `is "${slug}", as in ${sameWorkspace}`;
      problems.push({
        path: pathText(file, ["workspace"]),
        problem,
        fix: "give each file a workspace of its own",
      });
    }
    workspaceFiles.set(slug, sameWorkspace ?? file);
    const inUrls = Object.values(channels).filter(({ kind, enabled }) => enabled && kind !== "api");
    for (const { name } of inUrls) {
      const other = channelFiles.get(name);
      if (other !== undefined) {
        const problem = `is the name of a channel in ${other} too, and names stand in URLs`;
        problems.push({ path: pathText(file, ["channels", name]), problem, fix: "rename one of the two" });
      }
      channelFiles.set(name, other ?? file);
    }
  }
  return problems;
}

function settingsSecrets(settings: Settings): string[] {
  const urls = [settings.databaseUrl, ...(settings.redisUrls ?? [])].filter((url) => url !== null);
  const passwords = urls.map((url) => new URL(url).password).filter((password) => password !== "");
  const { place } = settings.attachments;
  const bucketSecrets = place.kind === "bucket" ? [place.secretAccessKey, place.sessionToken ?? ""] : [];
  return [
    ...passwords,
    ...passwords.map(decodeURIComponent),
    ...bucketSecrets.filter((secret) => secret !== ""),
    ...(settings.apiKey === null ? [] : [settings.apiKey]),
  ];
}

function switchedOffAgents(workspaces: readonly WorkspaceConfig[]): ConfigProblem[] {
  return workspaces
    .filter(({ channels }) => !Object.values(channels).some(({ enabled }) => enabled))
    .map(({ file }) => ({
      path: pathText(file, ["channels"]),
      problem: "has no channel that is switched on, so nothing can be received",
      fix: 'remove "enabled": false from one',
    }));
}
