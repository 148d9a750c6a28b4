import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { relative } from "node:path";
import { botDefinitions } from "../../bots/registry.ts";
import { channelDefinitions } from "../../channels/registry.ts";
import type { Environment } from "../../config/env.ts";
import { formatConfigProblems } from "../../config/format-problems.ts";
import { insertMember } from "../../config/insert-member.ts";
import { inspectConfig, type LoadedConfig } from "../../config/load-config.ts";
import { isJsonObject, type Json, type JsonObject } from "../../core/text/json.ts";
import { configPath, firstConfig } from "./first-config.ts";

/** The registries that a draft is checked against. */
export const registries = { bots: botDefinitions, channels: channelDefinitions };

/** A configuration file that a command is about to change. */
export interface OpenConfig {
  path: string;
  /** The path as people write it. */
  file: string;
  text: string;
  /** Its agents and channels by name. */
  agents: JsonObject;
  channels: JsonObject;
}

/** A change to the file, checked. */
export type CheckedDraft = { config: LoadedConfig; text: string } | { problem: string };

/** Reads the configuration file of the directory, or begins one. Explains why if it cannot be changed. */
export function openConfig(env: Environment, directory: string): OpenConfig | { problem: string } {
  const path = configPath(env, directory);
  if (path === null) return { problem: "CAUSEWAY_CONFIG names several files: name the one to change." };
  const text = existsSync(path) ? readFileSync(path, "utf8") : firstConfig(directory);
  const checked = check({ path, text }, env, directory);
  if ("problem" in checked)
    return { problem: `${checked.problem}\nCorrect this first. Nothing was written.` };
  const content: Json = JSON.parse(text.replace(/^\uFEFF/, ""));
  const part = (key: string) => {
    const value = isJsonObject(content) ? content[key] : undefined;
    return isJsonObject(value) ? value : {};
  };
  return { path, file: relative(directory, path), text, agents: part("agents"), channels: part("channels") };
}

/** Adds an agent or a channel to the text of the file, and checks the result as a start does. */
export function draft(
  open: OpenConfig,
  change: { key: "agents" | "channels"; name: string; value: JsonObject },
  { env, directory }: { env: Environment; directory: string },
): CheckedDraft {
  const text = insertMember(open.text, change.key, change.name, change.value);
  const checked = check({ path: open.path, text }, env, directory);
  return "problem" in checked
    ? { problem: `${checked.problem}\nNothing was written.` }
    : { ...checked, text };
}

/** Replaces the file at once, so that a running service never reads half of it. */
export function saveConfig(path: string, text: string): void {
  const unfinished = `${path}.new`;
  writeFileSync(unfinished, text);
  renameSync(unfinished, path);
}

function check(
  { path, text }: { path: string; text: string },
  env: Environment,
  directory: string,
): { config: LoadedConfig } | { problem: string } {
  const { config, problems } = inspectConfig({
    ...registries,
    env,
    directory,
    files: [path],
    drafts: new Map([[path, text]]),
  });
  return problems.length === 0 ? { config } : { problem: formatConfigProblems(problems) };
}
