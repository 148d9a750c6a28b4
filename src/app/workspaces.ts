import { createAgentCatalog } from "../agents/agent-catalog.ts";
import {
  createAgentRepository,
  type PublishedWorkspace,
  type WorkspaceToPublish,
} from "../agents/agent-repository.ts";
import { AGENT_VERSIONS, createVersionRepository } from "../agents/version-repository.ts";
import type { Bot, BotDefinition } from "../bots/bot.ts";
import type { ChannelDefinition } from "../channels/channel.ts";
import type { ChannelDirectory, RunningChannel } from "../channels/channel-directory.ts";
import { reloadDifference } from "../channels/reload-difference.ts";
import { restoreAgent } from "../config/load-agent.ts";
import type { ChannelConfig } from "../config/load-channel.ts";
import type { WorkspaceConfig } from "../config/load-workspace.ts";
import type { Settings } from "../config/settings.ts";
import { ConfigError } from "../core/faults/errors.ts";
import type { Logger } from "../core/process/logger.ts";
import type { AccessSettings, ApproverPlace, ConfiguredAccess } from "../core/session/access-settings.ts";
import type { DeskPlace } from "../handoffs/handoff.ts";
import {
  findButtons,
  findConversation,
  findUnanswered,
  lastUserMessage,
} from "../sessions/conversation-repository.ts";
import { createChannelValues } from "../storage/channel-values.ts";
import { createMarketingPreferences } from "../users/marketing-repository.ts";
import type { Engine } from "./engine.ts";

export interface WorkspaceDeps {
  engine: Pick<Engine, "database" | "hub">;
  settings: Pick<Settings, "publicUrl">;
  channels: ChannelDirectory;
  kinds: Readonly<Record<string, ChannelDefinition>>;
  bots: Readonly<Record<string, BotDefinition>>;
  /** The current environment, which provides the secrets of an older agent version. */
  env(): Readonly<Record<string, string | undefined>>;
  /** Values that must stay hidden from now on. */
  hide(values: Iterable<string>): void;
  log: Logger;
}

/** The running configuration: agents published as versions, and channels created from their kinds. */
export function createWorkspaces(deps: WorkspaceDeps) {
  const { channels, hide, log } = deps;
  const { pool, intake } = deps.engine.database;
  const agentRepository = createAgentRepository(pool);
  const marketing = createMarketingPreferences(intake);
  const versions = createVersionRepository(pool);
  let workspaces: PublishedConfig[] = [];
  let started = false;
  /** Differences between running channels and the reloaded file, by channel id. */
  const pending = new Map<string, string>();

  const agents = createAgentCatalog({
    version: agentRepository.version,
    revive(agentId, slug, published) {
      const current = workspaces.find(({ agentIds }) => agentIds.get(slug) === agentId)?.workspace.agents[
        slug
      ];
      const from = { env: deps.env(), bots: deps.bots };
      const { agent, problems, secrets } = restoreAgent(slug, published, current ?? null, from);
      hide(secrets);
      if (!agent) throw new ConfigError(problems);
      return agent;
    },
    createBot: (definition) => createBot(deps.bots, definition.bot, log),
  });

  /** Updates rows and running channels to match the configuration. */
  async function publish(configured: readonly WorkspaceConfig[]): Promise<void> {
    const published = [];
    for (const workspace of configured) published.push(await publishWorkspace(workspace));
    workspaces = published;
    agents.refresh(new Map(published.flatMap(({ versions }) => [...versions])));
  }

  /** An operator went back to an earlier version, on this process or another. New sessions get that version. */
  async function followVersions(): Promise<void> {
    const current = await versions.current();
    for (const { ref } of channels.all()) {
      ref.agentVersion = current.get(ref.agentId) ?? ref.agentVersion;
      for (const agent of ref.agents?.values() ?? []) agent.version = current.get(agent.id) ?? agent.version;
    }
    agents.refresh(current);
  }
  deps.engine.hub.subscribe(AGENT_VERSIONS, () => {
    followVersions().catch((error: unknown) =>
      log.error({ err: error }, "could not read the agents' versions"),
    );
  });

  async function publishWorkspace(workspace: WorkspaceConfig): Promise<PublishedConfig> {
    const rows = await agentRepository.publish({
      slug: workspace.slug,
      agents: Object.values(workspace.agents),
      channels: channelRows(workspace),
    });
    for (const [slug, { version, isNew, isRolledBack }] of rows.agents) {
      const ids = { workspace: workspace.slug, agent: slug, version };
      if (isNew) log.info(ids, "agent version published");
      if (isRolledBack)
        log.warn(ids, "the file holds a definition that was rolled back: change it to publish it");
    }
    for (const channel of Object.values(workspace.channels)) {
      const agent = rows.agents.get(channel.agent);
      const row = rows.channels.get(channel.name);
      if (!channel.enabled || channel.config === null || !agent || !row) continue;
      const running = channels.named(rows.id, channel.name);
      if (running) {
        // A reload: the channel continues, and new sessions get the new version.
        Object.assign(running.ref, {
          agentId: agent.id,
          agentVersion: agent.version,
          agents: rows.agents,
        });
        continue;
      }
      // A half-started channel would accept messages and never send the answers. So a new one waits for the next start.
      if (started) continue;
      channels.add(await runChannel({ ...channel, config: channel.config }, row.id, rows, agent));
    }
    notePending(workspace, rows);
    return {
      workspace,
      id: rows.id,
      agentIds: new Map([...rows.agents].map(([slug, { id }]) => [slug, id])),
      versions: new Map([...rows.agents.values()].map(({ id, version }) => [id, version])),
    };
  }

  /** A channel that the file removed or switched off continues until the restart, so it is not disabled yet. */
  function channelRows(workspace: WorkspaceConfig): WorkspaceToPublish["channels"] {
    const configured = Object.values(workspace.channels);
    const home = workspaces.find(({ workspace: { slug } }) => slug === workspace.slug)?.id;
    const runs = channels.all().filter(({ ref }) => started && ref.workspaceId === home);
    const still = runs.map(({ ref }) => ({ name: ref.name, kind: ref.kind, enabled: true }));
    return [...configured.filter(({ name }) => !still.some((row) => row.name === name)), ...still];
  }

  /** A reload publishes agents only. It reports the channels that differ from the file, until the restart. */
  function notePending(workspace: WorkspaceConfig, rows: PublishedWorkspace): void {
    if (!started) return;
    const here = channels.all().filter(({ ref }) => ref.workspaceId === rows.id);
    const names = new Set([...here.map(({ ref }) => ref.name), ...Object.keys(workspace.channels)]);
    const differences = [...names].flatMap((name) => {
      const running = here.find(({ ref }) => ref.name === name);
      const now = running ? { ...running.ref, config: running.config } : null;
      const difference = reloadDifference(now, workspace.channels[name] ?? null);
      const id = running?.ref.id ?? rows.channels.get(name)?.id;
      if (id !== undefined && difference === null) pending.delete(id);
      if (id === undefined || difference === null) return [];
      pending.set(id, `differs from the configuration file until the next restart (${difference})`);
      return [`${name} (${difference})`];
    });
    if (differences.length === 0) return;
    log.warn(
      { workspace: workspace.slug },
      `these channels change with a restart only: ${differences.join("; ")}`,
    );
  }

  /** A simulated platform runs on this machine, so it reaches any address of the service. */
  function reachedAt({ simulated }: ChannelConfig): Settings["publicUrl"] {
    const { publicUrl } = deps.settings;
    return simulated === null ? publicUrl : { ...publicUrl, isPublic: true };
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
        publicUrl: reachedAt(channel),
        values: createChannelValues(pool, id),
        findConversation: (externalId, eventKey) => findConversation(intake, id, externalId, eventKey),
        findUnanswered: (user, begins) => findUnanswered(intake, id, user, begins),
        lastUserMessage: (address) => lastUserMessage(intake, id, address),
        refusesMarketing: (userIdentifier) => marketing.isStopped(id, userIdentifier),
        findButtons: (messageId) => findButtons(intake, id, messageId),
        isDesk: (conversation) =>
          desksOf(rows.id).some(
            ([, desk]) => desk.channel === channel.name && desk.conversation === conversation,
          ),
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
        ...(channel.access === null ? {} : { access: runningAccess(channel.access, rows.id) }),
        resetCommand,
        typingRefreshMs,
        split,
        ...(definition.identifierOf ? { identifierOf: definition.identifierOf } : {}),
        ...(definition.otherNamesOf ? { otherNamesOf: definition.otherNamesOf } : {}),
        buttons,
      },
    };
  }

  /** The places of approvers are looked up at each use, because their channels may start later. */
  function runningAccess(access: ConfiguredAccess, workspaceId: string): AccessSettings {
    const placeOf = (approver: ConfiguredAccess["approvers"][number]): ApproverPlace[] => {
      const place =
        typeof approver === "string"
          ? desksOf(workspaceId).find(([name]) => name === approver)?.[1]
          : approver;
      const running = place && channels.named(workspaceId, place.channel);
      return running ? [{ channelId: running.ref.id, conversation: place.conversation }] : [];
    };
    return { ...access, places: () => access.approvers.flatMap(placeOf) };
  }

  const desksOf = (workspaceId: string) =>
    Object.entries(workspaces.find(({ id }) => id === workspaceId)?.workspace.desks ?? {});

  /** The place of a desk in the workspace of a channel; null if its channel does not run here. */
  function deskPlace(channelId: string, name: string): DeskPlace | null {
    const workspaceId = channels.byId(channelId)?.ref.workspaceId ?? "";
    const [, desk] = desksOf(workspaceId).find(([known]) => known === name) ?? [];
    const running = desk && channels.named(workspaceId, desk.channel);
    if (!desk || !running?.channel.desk) return null;
    return { channelId: running.ref.id, conversation: desk.conversation };
  }

  return {
    agents,
    publish,
    deskPlace,
    /** The difference between a running channel and the file, in words; null if there is none. */
    pendingChange: (channelId: string) => pending.get(channelId) ?? null,
    /** The names of a workspace's desks. */
    desks: (workspaceId: string): readonly string[] => desksOf(workspaceId).map(([name]) => name),
    /** The first configured workspace, which owns the operator key. */
    firstId: () => workspaces[0]?.id ?? null,
    /** From now on a new channel waits for the next start. */
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
