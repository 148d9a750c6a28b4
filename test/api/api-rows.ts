import type pg from "pg";
import { createAgentRepository } from "../../src/agents/agent-repository.ts";
import { newId } from "../../src/core/ids.ts";
import type { JsonObject } from "../../src/core/text/json.ts";

/** Rows as the service would create them, for tests that only read them. */

export interface Conversation {
  channelId: string;
  agentId: string;
  userId: string;
  sessionId: string;
  messageId: string;
  executionId: string;
  deliveryId: string;
}

/** Publishes an agent definition in a workspace, with a channel `telegram`. */
export async function publishAgent(
  pool: pg.Pool,
  workspace: string,
  definition: JsonObject = { name: "Coach" },
  slug = "coach",
): Promise<{ agentId: string; channelId: string; version: number }> {
  const published = await createAgentRepository(pool).publish({
    slug: workspace,
    agents: [
      { slug, published: definition, digest: JSON.stringify(definition), retentionDays: null, shadow: null },
    ],
    channels: [{ name: "telegram", kind: "telegram", enabled: true }],
  });
  const agent = published.agents.get(slug);
  const channel = published.channels.get("telegram");
  if (!agent || !channel) throw new Error("nothing was published");
  return { agentId: agent.id, channelId: channel.id, version: agent.version };
}

/** The default workspace of an empty database. */
export async function addWorkspace(pool: pg.Pool): Promise<{ id: string; slug: string }> {
  const workspace = { id: "workspace", slug: "default" };
  await pool.query("INSERT INTO workspaces (id, slug) VALUES ($1, $2)", [workspace.id, workspace.slug]);
  return workspace;
}

/** A user on that channel with one answered message, whose reply has one delivery. */
export async function addConversation(
  pool: pg.Pool,
  workspace: { id: string; slug: string },
  options: { identifier?: string; deliveryStatus?: string; attempts?: number } = {},
): Promise<Conversation> {
  const { agentId, channelId, version } = await publishAgent(pool, workspace.slug);
  const [userId, sessionId, askedId, messageId] = [newId(), newId(), newId(), newId()];
  const [executionId, deliveryId] = [newId(), newId()];
  const identifier = options.identifier ?? userId;
  await pool.query(
    "INSERT INTO users (id, workspace_id, channel_id, identifier, name) VALUES ($1, $2, $3, $4, 'Ada')",
    [userId, workspace.id, channelId, identifier],
  );
  await pool.query(
    `INSERT INTO sessions (id, workspace_id, agent_id, agent_version, channel_id, user_id, single, address, next_seq)
     VALUES ($1, $2, $3, $4, $5, $6, true, $7, 3)`,
    [sessionId, workspace.id, agentId, version, channelId, userId, identifier],
  );
  await pool.query(
    `INSERT INTO messages (id, session_id, seq, turn_seq, role, origin, content, execution_id) VALUES
     ($2, $1, 1, 1, 'user', 'user', 'Hello', $4), ($3, $1, 2, 1, 'assistant', 'bot', 'Hello Ada', $4)`,
    [sessionId, askedId, messageId, executionId],
  );
  await pool.query(
    `INSERT INTO executions (id, workspace_id, session_id, user_message_id, seq, status)
     VALUES ($1, $2, $3, $4, 1, 'completed')`,
    [executionId, workspace.id, sessionId, askedId],
  );
  await pool.query(
    `INSERT INTO deliveries (id, workspace_id, channel_id, session_id, message_id, address, content, status, attempts)
     VALUES ($1, $2, $3, $4, $5, $6, 'Hello Ada', $7, $8)`,
    [
      deliveryId,
      workspace.id,
      channelId,
      sessionId,
      messageId,
      identifier,
      options.deliveryStatus ?? "sent",
      options.attempts ?? 1,
    ],
  );
  return { channelId, agentId, userId, sessionId, messageId, executionId, deliveryId };
}
