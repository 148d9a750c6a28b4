import {
  createAgentRepository,
  type PublishedWorkspace,
  type WorkspaceToPublish,
} from "../agents/agent-repository.ts";
import { createVersionRepository } from "../agents/version-repository.ts";
import type { ChannelDirectory } from "../channels/channel-directory.ts";
import type { ConfiguredAgent } from "../config/load-agent.ts";
import type { WorkspaceConfig } from "../config/load-workspace.ts";
import type { Logger } from "../core/process/logger.ts";
import { createDeskPlaces } from "./desk-places.ts";
import { createPendingChanges } from "./pending-changes.ts";
import { createRunChannel, type RunChannelDeps } from "./run-channel.ts";

export interface WorkspaceDeps extends Omit<RunChannelDeps, "places"> {
  channels: ChannelDirectory;
  /** Gets the current version of each agent, by id, after each change. */
  onVersions(current: ReadonlyMap<string, number>): void;
}

/** The running configuration: agents published as versions, and channels created from their kinds. */
export function createWorkspaces(deps: WorkspaceDeps) {
  const { channels, log } = deps;
  const agentRepository = createAgentRepository(deps.database.pool);
  const versions = createVersionRepository(deps.database.pool);
  let workspaces: PublishedConfig[] = [];
  let started = false;
  const desksOf = (workspaceId: string) =>
    workspaces.find(({ id }) => id === workspaceId)?.workspace.desks ?? {};
  const places = createDeskPlaces({ channels, desksOf });
  const pending = createPendingChanges({ channels, log });
  const runChannel = createRunChannel({ ...deps, places });

  /** Updates rows and running channels to match the configuration. */
  async function publish(configured: readonly WorkspaceConfig[]): Promise<void> {
    const published = [];
    for (const workspace of configured) published.push(await publishWorkspace(workspace));
    workspaces = published;
    if (started) pending.noteGone(new Set(published.map(({ id }) => id)));
    deps.onVersions(
      new Map(published.flatMap(({ agents }) => agents.map(({ id, version }) => [id, version]))),
    );
  }

  async function publishWorkspace(workspace: WorkspaceConfig): Promise<PublishedConfig> {
    const rows = await agentRepository.publish({
      slug: workspace.slug,
      agents: Object.values(workspace.agents),
      channels: channelRows(workspace),
    });
    logVersions(workspace, rows, log);
    for (const channel of Object.values(workspace.channels)) {
      const { enabled, config } = channel;
      if (!enabled || config === null) continue;
      const running = channels.named(rows.id, channel.name);
      // A reload: the channel continues, and new sessions get the new version. A new channel waits for the next start.
      if (running) followFile(running.ref, rows, channel.agent);
      else if (!started) {
        const created = await runChannel({ ...channel, config }, rows);
        if (created !== null) channels.add(created);
      }
    }
    if (started) pending.note(workspace, rows);
    return { workspace, id: rows.id, agents: [...rows.agents].map(([slug, agent]) => ({ slug, ...agent })) };
  }

  /** A channel that the file removed or switched off continues until the restart, so it is not disabled yet. */
  function channelRows(workspace: WorkspaceConfig): WorkspaceToPublish["channels"] {
    const configured = Object.values(workspace.channels);
    const home = workspaces.find(({ workspace: { slug } }) => slug === workspace.slug)?.id;
    const runs = channels.all().filter(({ ref }) => started && ref.workspaceId === home);
    const still = runs.map(({ ref }) => ({ name: ref.name, kind: ref.kind, enabled: true }));
    return [...configured.filter(({ name }) => !still.some((row) => row.name === name)), ...still];
  }

  return {
    publish,
    deskPlace: places.deskPlace,
    /** The difference between a running channel and the file, in words; null if there is none. */
    pendingChange: pending.of,

    /** An operator went back to an earlier version, on this process or another. New sessions get that version. */
    async followVersions(): Promise<void> {
      const current = await versions.current();
      for (const { ref } of channels.all()) {
        ref.agentVersion = current.get(ref.agentId) ?? ref.agentVersion;
        for (const agent of ref.agents?.values() ?? [])
          agent.version = current.get(agent.id) ?? agent.version;
      }
      deps.onVersions(current);
    },

    /** An agent of the current file; null if the file has none of this id and name. */
    configuredAgent(agentId: string, slug: string): ConfiguredAgent | null {
      const home = workspaces.find(({ agents }) => agents.some(({ id }) => id === agentId));
      const isNamed = home?.agents.some((agent) => agent.id === agentId && agent.slug === slug);
      return (isNamed && home?.workspace.agents[slug]) || null;
    },

    /** The names of a workspace's desks. */
    desks: (workspaceId: string): readonly string[] => Object.keys(desksOf(workspaceId)),
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
  agents: { slug: string; id: string; version: number }[];
}

/** The same object, because others hold the reference. */
function followFile(ref: object, rows: PublishedWorkspace, agentName: string): void {
  const agent = rows.agents.get(agentName);
  if (agent === undefined) return;
  Object.assign(ref, { agentId: agent.id, agentVersion: agent.version, agents: rows.agents });
}

function logVersions(workspace: WorkspaceConfig, rows: PublishedWorkspace, log: Logger): void {
  for (const [slug, { version, isNew, isRolledBack }] of rows.agents) {
    const ids = { workspace: workspace.slug, agent: slug, version };
    if (isNew) log.info(ids, "agent version published");
    if (isRolledBack)
      log.warn(ids, "the file holds a definition that was rolled back: change it to publish it");
  }
}
