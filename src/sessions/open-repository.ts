import type { PoolClient } from "pg";
import type { VariableValue } from "../core/session/template.ts";
import type { JsonObject } from "../core/text/json.ts";
import { storableJson } from "../core/text/text.ts";

/*
 * Opens sessions. Only arriving messages (ingest/store-inbound-statement.ts) open their sessions themselves, in the
 * statement that stores them.
 */

export interface SessionToOpen {
  id: string;
  workspaceId: string;
  agentId: string;
  /** Null: the agent's current version. */
  agentVersion: number | null;
  channelId: string;
  /** True if a user has one session at a time here. */
  single: boolean;
  userId: string | null;
  externalKey: string | null;
  /** Null: the session itself is the address. */
  address: string | null;
  title?: string | null;
  situation?: string | null;
  renderTemplates?: boolean;
  variables?: Record<string, VariableValue>;
  metadata?: JsonObject;
  /** Number of earlier messages that are stored with it. */
  historyLength?: number;
}

/** Opens a session and returns its agent version. Null: the id is used, or another open session has its key. */
export async function openSession(client: PoolClient, session: SessionToOpen): Promise<number | null> {
  const { rows } = await client.query<{ agent_version: number }>(
    `INSERT INTO sessions (id, workspace_id, agent_id, agent_version, channel_id, user_id, single, external_id, address,
       title, situation, render_templates, variables, metadata, next_seq, answered_seq, inbound_seq)
     SELECT $1, $2, a.id, coalesce($4, a.current_version), $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15::int + 1, $15,
       $15
     FROM agents a WHERE a.id = $3 ON CONFLICT DO NOTHING RETURNING agent_version`,
    [
      session.id,
      session.workspaceId,
      session.agentId,
      session.agentVersion,
      session.channelId,
      session.userId,
      session.single,
      session.externalKey,
      session.address,
      session.title,
      session.situation,
      session.renderTemplates ?? false,
      storableJson(session.variables ?? {}),
      storableJson(session.metadata ?? {}),
      session.historyLength ?? 0,
    ],
  );
  return rows[0]?.agent_version ?? null;
}

/**
 * Opens a session like another one, on the agent's current version, without its title and history. Returns its agent version, as `openSession` does.
 * Messages to the other session go to the new one from now on.
 */
export async function openNext(
  client: PoolClient,
  sessionId: string,
  next: { id: string; keepsMetadata: "always" | "if_many" },
): Promise<number | null> {
  const { rows } = await client.query<
    Required<Omit<SessionToOpen, "id" | "agentVersion" | "title" | "historyLength">>
  >(
    `SELECT workspace_id AS "workspaceId", agent_id AS "agentId", channel_id AS "channelId", user_id AS "userId", single,
       external_id AS "externalKey", address, situation, render_templates AS "renderTemplates", variables, metadata
     FROM sessions WHERE id = $1`,
    [sessionId],
  );
  const former = rows[0];
  if (!former) throw new Error(`session ${sessionId} is gone while it is followed by another`);
  const metadata = former.single && next.keepsMetadata === "if_many" ? {} : former.metadata;
  const version = await openSession(client, { ...former, id: next.id, agentVersion: null, metadata });
  if (version !== null) await linkNext(client, sessionId, next.id);
  return version;
}

/** Sends messages to a completed session on to another one. */
export async function linkNext(client: PoolClient, sessionId: string, nextId: string): Promise<void> {
  await client.query("UPDATE sessions SET next_id = $2 WHERE id = $1", [sessionId, nextId]);
}
