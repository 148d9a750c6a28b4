import { type AgentCatalog, createAgentCatalog } from "../agents/agent-catalog.ts";
import { createAgentRepository } from "../agents/agent-repository.ts";
import type { BotDefinition } from "../bots/bot.ts";
import type { Environment } from "../config/env.ts";
import { type ConfiguredAgent, restoreAgent } from "../config/load-agent.ts";
import { ConfigError } from "../core/faults/errors.ts";
import type { Logger } from "../core/process/logger.ts";
import type { Engine } from "./engine.ts";

export interface AgentDeps {
  database: Engine["database"];
  bots: Readonly<Record<string, BotDefinition>>;
  /** The current environment, which provides the secrets of an older agent version. */
  env(): Environment;
  /** Values that must stay hidden from now on. */
  hide(values: readonly string[]): void;
  /** An agent of the current configuration file. */
  configuredAgent(agentId: string, slug: string): ConfiguredAgent | null;
  log: Logger;
}

/** Wires agents: published versions are loaded with the current secrets. */
export function createAgents({ database, bots, env, hide, configuredAgent, log }: AgentDeps): AgentCatalog {
  return createAgentCatalog({
    version: createAgentRepository(database.pool).version,
    revive(agentId, slug, published) {
      const current = configuredAgent(agentId, slug);
      const { agent, problems, secrets } = restoreAgent(slug, published, current, { env: env(), bots });
      hide(secrets);
      if (!agent) throw new ConfigError(problems);
      return agent;
    },
    async createBot({ bot }) {
      const definition = bots[bot.type];
      if (!definition) throw new Error(`no bot of type ${bot.type}`);
      return await definition.create(bot.config, { log });
    },
    isReplayable: ({ bot }) => bots[bot.type]?.isReplayable ?? false,
  });
}
