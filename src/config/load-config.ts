import { readFileSync } from "node:fs";
import { basename, relative } from "node:path";
import { ConfigError, type ConfigProblem } from "../core/faults/errors.ts";
import { percentDecoded } from "../core/text/percent-decoded.ts";
import type { Registries } from "./config-file.ts";
import type { Environment } from "./env.ts";
import { pathText } from "./json-path.ts";
import { parseJsonText } from "./json-text.ts";
import { type LoadedWorkspace, loadWorkspace, type WorkspaceConfig } from "./load-workspace.ts";
import { messageFilePaths } from "./message-files.ts";
import { parseSettings, type Settings } from "./settings.ts";
import { sharedConnections } from "./shared-connections.ts";
import { type Simulation, simulationOf } from "./simulation.ts";
import { unfilledNames } from "./unfilled-names.ts";
import { unknownNames } from "./unknown-names.ts";
import { unknownVariables } from "./unknown-variables.ts";

/** The whole checked configuration of the service. */
export interface LoadedConfig {
  settings: Settings;
  workspaces: WorkspaceConfig[];
  /** Paths of everything that was read: configuration files, and the files that messages refer to. */
  files: string[];
  /** Values that must never be shown. The logger needs them. */
  secrets: string[];
  /** Accepted settings that deserve a line in the log. */
  warnings: ConfigProblem[];
}

/** Sources of the configuration, and the registries that it is checked against. */
export interface ConfigSources extends Registries {
  /** The result of `readEnvironment`. */
  env: Environment;
  /** Paths of files that replace those in `CAUSEWAY_CONFIG`. */
  files?: readonly string[];
  /** Base directory of relative paths. Default: the working directory. */
  directory?: string;
  /** Texts of files that are not written yet, by path. */
  drafts?: ReadonlyMap<string, string>;
}

/**
 * Reads the environment and every configuration file. Throws one `ConfigError` with the problems of all of them. Each
 * call reads everything again; a reload uses that.
 */
export function loadConfig(sources: ConfigSources): LoadedConfig {
  const { config, problems } = inspectConfig(sources);
  if (problems.length > 0) throw new ConfigError(problems);
  return config;
}

/**
 * Does the same as `loadConfig` but does not throw. The configuration leaves out the parts with problems, and uses a
 * default for each invalid setting.
 */
export function inspectConfig(sources: ConfigSources): { config: LoadedConfig; problems: ConfigProblem[] } {
  const directory = sources.directory ?? process.cwd();
  const { settings, problems } = parseSettings(sources.env, directory);
  const files = sources.files ?? settings.configFiles;
  const origin = { ...sources, simulation: simulationOf(settings) };
  const loaded = files.map((file) => loadFile(file, directory, origin));
  const references = new Set(loaded.flatMap((file) => file.references));
  const workspaces = loaded.map(({ workspace }) => workspace);
  const shared = sharedConnections(workspaces, sources.channels);
  const all = [
    ...problems,
    ...loaded.flatMap((workspace) => workspace.problems),
    ...collisions(workspaces),
    ...shared.problems,
  ];
  const config = {
    settings,
    workspaces,
    files: loaded.flatMap(({ paths }) => paths),
    secrets: [...settingsSecrets(settings), ...loaded.flatMap(({ secrets }) => secrets)],
    warnings: [
      ...unknownVariables(sources.env, references),
      ...shared.warnings,
      ...workspaces.flatMap((workspace) => unknownNames(workspace, sources.channels)),
      ...workspaces.flatMap(unfilledNames),
      ...(all.length > 0 ? [] : switchedOffAgents(workspaces)),
    ],
  };
  return { config, problems: all };
}

/** A workspace, and the variables that its file refers to. */
interface LoadedFile extends LoadedWorkspace {
  references: string[];
  /** The file, and the files that it refers to. */
  paths: string[];
}

function loadFile(
  path: string,
  directory: string,
  sources: ConfigSources & { simulation: Simulation },
): LoadedFile {
  const inside = relative(directory, path);
  const file = inside.startsWith("..") ? path : inside || basename(path);
  const failed = (problem: ConfigProblem): LoadedFile => ({
    workspace: { slug: "", file, agents: {}, channels: {}, desks: {} },
    problems: [problem],
    secrets: [],
    references: [],
    paths: [path],
  });
  let text: string;
  try {
    text = sources.drafts?.get(path) ?? new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(path));
  } catch (error) {
    if (error instanceof TypeError) {
      return failed({ path: file, problem: "is not UTF-8 text", fix: "save the file as UTF-8" });
    }
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    const problem = code === "ENOENT" ? "does not exist" : `cannot be read (${code})`;
    const fix = "name an existing, readable file in CAUSEWAY_CONFIG, or write one with `causeway init`";
    return failed({ path: file, problem, fix });
  }
  const parsed = parseJsonText(text, file);
  if ("problem" in parsed) return failed(parsed.problem);
  const references = [...text.matchAll(/"\$([A-Za-z_][A-Za-z0-9_]*)"/g)].map((match) => match[1] ?? "");
  const paths = [path, ...messageFilePaths(parsed.value, path)];
  return { ...loadWorkspace(parsed.value, { ...sources, file, location: path }), references, paths };
}

/**
 * Finds names that two files use. Files share the database and the URLs, so a workspace may be in one file only. The
 * same is true for the name of a channel. Disabled channels, and those of kind `api`, are exempt, because they have no
 * URL.
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
    ...headerSecrets(settings.tracing?.environment ?? {}),
    ...bucketSecrets.filter((secret) => secret !== ""),
    ...[settings.apiKey, settings.oidc?.clientSecret].filter((secret) => typeof secret === "string"),
  ];
}

/** The values of the headers that a receiver of traces gets, such as a key. */
function headerSecrets(environment: Readonly<Record<string, string>>): string[] {
  const names = ["OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_TRACES_HEADERS"];
  const pairs = names.flatMap((name) => environment[name]?.split(",") ?? []);
  const values = pairs
    .map((pair) => pair.slice(pair.indexOf("=") + 1).trim())
    .filter((value) => value !== "");
  return values.flatMap((value) => [value, percentDecoded(value)]);
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
