import type { Pool, PoolClient } from "pg";
import { newId } from "../core/ids.ts";
import type { ShadowSettings } from "../core/session/shadow-settings.ts";
import type { JsonObject } from "../core/text/json.ts";
import { inTransaction } from "../storage/transaction.ts";

export interface WorkspaceToPublish {
  slug: string;
  agents: readonly AgentToPublish[];
  channels: readonly { name: string; kind: string; enabled: boolean }[];
}

export interface AgentToPublish {
  slug: string;
  published: JsonObject;
  digest: string;
  /** Days after its last change until a session is erased. Null: the setting of the service counts. */
  retentionDays: number | null;
  /** Another agent that answers its turns, too. Null: none. */
  shadow: ShadowSettings | null;
}

export interface PublishedAgent {
  id: string;
  version: number;
  isNew: boolean;
  /** True if the file contains a definition that an operator rolled back. An earlier version stays active. */
  isRolledBack: boolean;
}

export interface PublishedWorkspace {
  id: string;
  agents: Map<string, PublishedAgent>;
  channels: Map<string, { id: string }>;
}

/** An arbitrary lock number. Processes that start together publish one after another. */
const PUBLISH_LOCK = 7_306_931_002;

/** Stores workspaces, agents, their versions and channels. */
export function createAgentRepository(pool: Pool) {
  return {
    /** Updates the rows to match a configuration file. A changed definition becomes the next version. */
    publish(workspace: WorkspaceToPublish): Promise<PublishedWorkspace> {
      return inTransaction(pool, async (client) => {
        await client.query("SELECT pg_advisory_xact_lock($1)", [PUBLISH_LOCK]);
        const id = await upsertWorkspace(client, workspace.slug);
        const agents: PublishedWorkspace["agents"] = new Map();
        for (const agent of workspace.agents) {
          const published = await publishAgent(client, id, agent);
          agents.set(agent.slug, published);
          await keepRetention(client, published.id, agent.retentionDays);
          await keepShadow(client, published.id, agent.shadow);
        }
        const channels: PublishedWorkspace["channels"] = new Map();
        for (const channel of workspace.channels) {
          channels.set(channel.name, { id: await upsertChannel(client, id, channel) });
        }
        const names = workspace.channels.map((channel) => channel.name);
        await client.query(
          "UPDATE channels SET enabled = false WHERE workspace_id = $1 AND name <> ALL($2)",
          [id, names],
        );
        return { id, agents, channels };
      });
    },

    /** The published definition of a version: secrets are references. */
    async version(agentId: string, number: number): Promise<{ slug: string; definition: JsonObject } | null> {
      const { rows } = await pool.query<{ slug: string; definition: JsonObject }>(
        `SELECT a.slug, v.definition FROM agent_versions v JOIN agents a ON a.id = v.agent_id
         WHERE v.agent_id = $1 AND v.number = $2`,
        [agentId, number],
      );
      return rows[0] ?? null;
    },
  };
}

async function upsertWorkspace(client: PoolClient, slug: string): Promise<string> {
  const { rows } = await client.query<{ id: string }>(
    `INSERT INTO workspaces (id, slug) VALUES ($1, $2)
     ON CONFLICT (slug) DO UPDATE SET slug = EXCLUDED.slug RETURNING id`,
    [newId(), slug],
  );
  return onlyId(rows);
}

async function publishAgent(
  client: PoolClient,
  workspaceId: string,
  agent: AgentToPublish,
): Promise<PublishedAgent> {
  const { rows } = await client.query<KnownAgent>(
    `SELECT a.id, a.current_version, a.rolled_back_digest, v.digest,
       (SELECT max(number) FROM agent_versions n WHERE n.agent_id = a.id) AS newest
     FROM agents a LEFT JOIN agent_versions v ON v.agent_id = a.id AND v.number = a.current_version
     WHERE a.workspace_id = $1 AND a.slug = $2`,
    [workspaceId, agent.slug],
  );
  const known = rows[0];
  if (known && (known.digest === agent.digest || known.rolled_back_digest === agent.digest)) {
    const isRolledBack = known.digest !== agent.digest;
    return { id: known.id, version: known.current_version, isNew: false, isRolledBack };
  }
  const id = known?.id ?? newId();
  const version = (known?.newest ?? 0) + 1;
  await client.query(
    `INSERT INTO agents (id, workspace_id, slug, current_version) VALUES ($1, $2, $3, $4)
     ON CONFLICT (id) DO UPDATE
     SET current_version = EXCLUDED.current_version, rolled_back_digest = NULL, updated_at = now()`,
    [id, workspaceId, agent.slug, version],
  );
  await client.query(
    "INSERT INTO agent_versions (agent_id, number, definition, digest) VALUES ($1, $2, $3, $4)",
    [id, version, JSON.stringify(agent.published), agent.digest],
  );
  return { id, version, isNew: true, isRolledBack: false };
}

/** Writes only a change: every start of every process publishes. */
async function keepRetention(client: PoolClient, agentId: string, days: number | null): Promise<void> {
  await client.query(
    "UPDATE agents SET retention_days = $2 WHERE id = $1 AND retention_days IS DISTINCT FROM $2",
    [agentId, days],
  );
}

/** Turns from before the change are not answered again. */
async function keepShadow(client: PoolClient, agentId: string, shadow: ShadowSettings | null): Promise<void> {
  await client.query(
    `UPDATE agents SET shadow = $2, shadow_since = CASE WHEN $2::jsonb IS NOT NULL THEN now() END
     WHERE id = $1 AND shadow IS DISTINCT FROM $2::jsonb`,
    [agentId, shadow && JSON.stringify(shadow)],
  );
}

interface KnownAgent {
  id: string;
  current_version: number;
  rolled_back_digest: string | null;
  digest: string | null;
  newest: number | null;
}

async function upsertChannel(
  client: PoolClient,
  workspaceId: string,
  channel: { name: string; kind: string; enabled: boolean },
): Promise<string> {
  const { rows } = await client.query<{ id: string }>(
    `INSERT INTO channels (id, workspace_id, name, kind, enabled) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (workspace_id, name) DO UPDATE SET kind = EXCLUDED.kind, enabled = EXCLUDED.enabled RETURNING id`,
    [newId(), workspaceId, channel.name, channel.kind, channel.enabled],
  );
  return onlyId(rows);
}

function onlyId(rows: { id: string }[]): string {
  const id = rows[0]?.id;
  if (id === undefined) throw new Error("an upsert returned no row");
  return id;
}
