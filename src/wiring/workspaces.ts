import { createAgentCatalog } from "../agents/agent-catalog.ts";
import { createAgentRepository, type PublishedWorkspace } from "../agents/agent-repository.ts";
import type { Bot, BotDefinition } from "../bots/bot.ts";
import type { ChannelDefinition } from "../channels/channel.ts";
import type { ChannelDirectory, RunningChannel } from "../channels/channel-directory.ts";
import { reviveAgent } from "../config/load-agent.ts";
import type { ChannelConfig } from "../config/load-channel.ts";
import type { WorkspaceConfig } from "../config/load-workspace.ts";
import type { Settings } from "../config/settings.ts";
import { ConfigError } from "../core/errors.ts";
import type { Logger } from "../core/logger.ts";
import { findButtons, findConversation, lastUserMessage } from "../sessions/conversation-repository.ts";
import { createChannelValues } from "../storage/channel-values.ts";
import type { Engine } from "./engine.ts";

export interface WorkspaceDeps {
  engine: Pick<Engine, "database">;
  settings: Pick<Settings, "publicUrl">;
  channels: ChannelDirectory;
  kinds: Readonly<Record<string, ChannelDefinition>>;
  bots: Readonly<Record<string, BotDefinition>>;
  /** What secrets of an older agent version are read from, as it is now. */
  env(): Readonly<Record<string, string | undefined>>;
  /** Values that must not be shown from now on. */
  hide(values: Iterable<string>): void;
  log: Logger;
}

/** The configuration as it runs: agents published as versions, channels made from their kinds. */
export function createWorkspaces(deps: WorkspaceDeps) {
  const { channels, hide, log } = deps;
  const { pool } = deps.engine.database;
  const agentRepository = createAgentRepository(pool);
  let workspaces: PublishedConfig[] = [];
  let started = false;

  const agents = createAgentCatalog({
    version: agentRepository.version,
    revive(agentId, slug, published) {
      const current = workspaces.find(({ agentIds }) => agentIds.get(slug) === agentId)?.workspace.agents[
        slug
      ];
      const from = { env: deps.env(), bots: deps.bots };
      const { agent, problems, secrets } = reviveAgent(slug, published, current ?? null, from);
      hide(secrets);
      if (!agent) throw new ConfigError(problems);
      return agent;
    },
    createBot: (definition) => createBot(deps.bots, definition.bot, log),
  });

  /** Makes rows and running channels agree with the configuration. */
  async function publish(configured: readonly WorkspaceConfig[]): Promise<void> {
    const published = [];
    for (const workspace of configured) published.push(await publishWorkspace(workspace));
    workspaces = published;
    agents.refresh(new Map(published.flatMap(({ versions }) => [...versions])));
  }

  async function publishWorkspace(workspace: WorkspaceConfig): Promise<PublishedConfig> {
    const rows = await agentRepository.publish({
      slug: workspace.slug,
      agents: Object.values(workspace.agents),
      channels: Object.values(workspace.channels),
    });
    for (const [slug, { version, isNew }] of rows.agents) {
      if (isNew) log.info({ workspace: workspace.slug, agent: slug, version }, "agent version published");
    }
    for (const channel of Object.values(workspace.channels)) {
      const agent = rows.agents.get(channel.agent);
      const row = rows.channels.get(channel.name);
      if (!channel.enabled || channel.config === null || !agent || !row) continue;
      const running = channels.named(rows.id, channel.name);
      if (running) {
        // A reload: the channel goes on, new sessions get the new version.
        Object.assign(running.ref, {
          agentId: agent.id,
          agentVersion: agent.version,
          agents: rows.agents,
        });
        continue;
      }
      if (started) {
        // Half a channel would take messages and never send the answers.
        log.warn({ channel: channel.name }, "a new channel starts with the next restart");
        continue;
      }
      channels.add(await runChannel({ ...channel, config: channel.config }, row.id, rows, agent));
    }
    return {
      workspace,
      id: rows.id,
      agentIds: new Map([...rows.agents].map(([slug, { id }]) => [slug, id])),
      versions: new Map([...rows.agents.values()].map(({ id, version }) => [id, version])),
    };
  }

  async function runChannel(
    channel: ChannelConfig & { config: Record<string, unknown> },
    id: string,
    rows: PublishedWorkspace,
    agent: { id: string; version: number },
  ): Promise<RunningChannel> {
    const definition = deps.kinds[channel.kind];
    if (!definition) throw new Error(`no channel of kind ${channel.kind}`);
    const { capabilities, split } = definition.variant?.(channel.config) ?? definition;
    const { sessions, resetCommand, typingRefreshMs, addressesUsers = false, buttons } = capabilities;
    return {
      definition,
      config: channel.config,
      error: null,
      channel: await definition.create({
        name: channel.name,
        config: channel.config,
        publicUrl: deps.settings.publicUrl,
        values: createChannelValues(pool, id),
        findConversation: (externalId) => findConversation(pool, id, externalId),
        lastUserMessage: (address) => lastUserMessage(pool, id, address),
        findButtons: (messageId) => findButtons(pool, id, messageId),
        log: log.child({ channel: channel.name }),
      }),
      ref: {
        id,
        workspaceId: rows.id,
        name: channel.name,
        kind: channel.kind,
        agentId: agent.id,
        agentVersion: agent.version,
        agents: rows.agents,
        sessions,
        addressesUsers,
        resetCommand,
        typingRefreshMs,
        split,
        ...(definition.identifierOf ? { identifierOf: definition.identifierOf } : {}),
        buttons,
      },
    };
  }

  return {
    agents,
    publish,
    /** The first configured workspace: where the operator key lives. */
    firstId: () => workspaces[0]?.id ?? null,
    /** From now on a channel that is new has to wait for the next start. */
    markStarted(): void {
      started = true;
    },
  };
}

interface PublishedConfig {
  workspace: WorkspaceConfig;
  id: string;
  agentIds: Map<string, string>;
  versions: Map<string, number>;
}

async function createBot(
  bots: Readonly<Record<string, BotDefinition>>,
  bot: { type: string; config: unknown },
  log: Logger,
): Promise<Bot> {
  const definition = bots[bot.type];
  if (!definition) throw new Error(`no bot of type ${bot.type}`);
  return await definition.create(bot.config, { log });
}
