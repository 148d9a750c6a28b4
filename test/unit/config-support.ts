import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { defineBot } from "../../src/bots/bot.ts";
import type { ChannelCapabilities } from "../../src/channels/channel-capabilities.ts";
import { defineChannel } from "../../src/channels/channel-definition.ts";
import { type LoadedConfig, loadConfig } from "../../src/config/load-config.ts";
import { ConfigError, type ConfigProblem } from "../../src/core/faults/errors.ts";
import type { Json, JsonObject } from "../../src/core/text/json.ts";

const echo = defineBot({
  type: "echo",
  configSchema: z.strictObject({}),
  isReplayable: true,
  create: () => ({ answer: async () => ({ replies: [] }) }),
});

const llm = defineBot({
  type: "llm",
  configSchema: z.strictObject({
    baseUrl: z.url(),
    apiKey: z.string().min(1),
    model: z.string().default("small"),
    temperature: z.number().min(0).max(2).optional(),
    headers: z.record(z.string(), z.string()).optional(),
  }),
  create: () => ({ answer: async () => ({ replies: [] }) }),
});

export const bots = { echo, llm };

/** A channel that only has a configuration. */
function aKind(kind: string, shape: z.ZodRawShape, profileVariables: readonly string[] = []) {
  const capabilities: ChannelCapabilities = {
    sessions: "many",
    resetCommand: false,
    textLimit: 4096,
    typingRefreshMs: null,
    receipts: false,
    buttons: null,
    profileVariables,
    desks: kind === "slack" || kind === "telegram",
    knowsCallers: kind === "web" || kind === "api",
  };
  return defineChannel({
    kind,
    capabilities,
    configSchema: z.strictObject(shape),
    create: () => ({
      receive: async () => ({ kind: "accepted", events: [] }),
      send: async () => ({ kind: "sent", externalIds: [] }),
    }),
    split: (text) => [text],
  });
}

export const channels = {
  web: aKind("web", {}),
  api: aKind("api", {}),
  telegram: aKind(
    "telegram",
    { token: z.string(), mode: z.enum(["webhook", "polling"]).default("webhook") },
    ["user_name"],
  ),
};

/** A file with an echo agent on the API; `over` replaces or adds top-level keys. */
export function aFile(over: JsonObject = {}): JsonObject {
  return {
    workspace: "default",
    agents: { echo: { bot: { type: "echo" } } },
    channels: { api: { kind: "api", agent: "echo" } },
    ...over,
  };
}

/** Loads files as an operator would write them: objects become JSON, texts stay unchanged. */
export function load(files: Json | readonly string[], env: Record<string, string> = {}): LoadedConfig {
  const directory = mkdtempSync(join(tmpdir(), "causeway-config-"));
  const texts = Array.isArray(files) ? files : [files];
  const names = texts.map((_, index) => (index === 0 ? "channels.config.json" : `more-${index}.json`));
  try {
    for (const [index, content] of texts.entries()) {
      const text = typeof content === "string" ? content : JSON.stringify(content);
      writeFileSync(join(directory, names[index] ?? ""), text);
    }
    return loadConfig({ env: { CAUSEWAY_CONFIG: names.join(","), ...env }, bots, channels, directory });
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** The problems that `load` finds; fails if there are none. */
export function problemsOf(
  files: Json | readonly string[],
  env: Record<string, string> = {},
): readonly ConfigProblem[] {
  try {
    load(files, env);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  throw new Error("the configuration was accepted");
}
