import type { Bot } from "../bots/bot.ts";
import type { AgentDefinition } from "../core/session/agent-definition.ts";
import type { JsonObject } from "../core/text/json.ts";

/** An agent version that is ready to run. */
export interface LoadedAgent {
  id: string;
  version: number;
  definition: AgentDefinition;
  bot: Bot;
  /** True if an answer has no effects elsewhere while recorded results replace its tools. */
  isReplayable: boolean;
}

export interface AgentCatalog {
  /**
   * Loads the version that a session is pinned to. If the agent has `"versioning": "latest"`, loads the current one.
   */
  load(agentId: string, version: number): Promise<LoadedAgent>;
  /** Loads exactly this version. */
  loadExactly(agentId: string, version: number): Promise<LoadedAgent>;
  /** Starts to load the current versions, so that the first message does not wait for an SDK. */
  warmUp(): void;
  /**
   * Drops all loaded versions after a change of the configuration, because secrets may have changed. Running turns keep
   * their bots.
   */
  refresh(currentVersions: ReadonlyMap<string, number>): void;
  close(): Promise<void>;
}

/** Loads agent versions at first use and keeps them, because a version never changes. */
export function createAgentCatalog(deps: {
  version(agentId: string, number: number): Promise<{ slug: string; definition: JsonObject } | null>;
  /**
   * Makes a published definition runnable: resolves secrets and checks the bot's configuration. Throws if that fails.
   */
  revive(agentId: string, slug: string, published: JsonObject): AgentDefinition;
  createBot(definition: AgentDefinition): Promise<Bot>;
  isReplayable(definition: AgentDefinition): boolean;
}): AgentCatalog {
  let loaded = new Map<string, Promise<LoadedAgent>>();
  let retired: Promise<LoadedAgent>[] = [];
  let current: ReadonlyMap<string, number> = new Map();

  async function loadExact(agentId: string, version: number): Promise<LoadedAgent> {
    const stored = await deps.version(agentId, version);
    if (!stored) throw new Error(`agent ${agentId} has no version ${version}`);
    const definition = deps.revive(agentId, stored.slug, stored.definition);
    const bot = await deps.createBot(definition);
    return { id: agentId, version, definition, bot, isReplayable: deps.isReplayable(definition) };
  }

  function cached(agentId: string, version: number): Promise<LoadedAgent> {
    const key = `${agentId}/${version}`;
    const known = loaded.get(key);
    if (known) return known;
    const loading = loadExact(agentId, version);
    loaded.set(key, loading);
    // Do not keep a failure, so that the next turn tries again. Keep an entry that a reload has put in its place.
    loading.catch(() => {
      if (loaded.get(key) === loading) loaded.delete(key);
    });
    return loading;
  }

  async function closeAll(agents: Iterable<Promise<LoadedAgent>>): Promise<void> {
    for (const result of await Promise.allSettled(agents)) {
      if (result.status === "fulfilled") await result.value.bot.close?.();
    }
  }

  return {
    async load(agentId, version) {
      const newest = current.get(agentId);
      if (newest !== undefined && newest !== version) {
        const agent = await cached(agentId, newest);
        if (agent.definition.versioning === "latest") return agent;
      }
      return cached(agentId, version);
    },
    loadExactly: cached,
    warmUp() {
      // The first turn repeats a failed load, and reports the failure.
      for (const [agentId, version] of current) cached(agentId, version).catch(() => undefined);
    },
    refresh(currentVersions) {
      current = currentVersions;
      retired.push(...loaded.values());
      loaded = new Map();
    },
    async close() {
      await closeAll([...loaded.values(), ...retired]);
      retired = [];
    },
  };
}
