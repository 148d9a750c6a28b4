import type { Pool, PoolClient } from "pg";
import { newId } from "../core/ids.ts";
import type { JsonObject } from "../core/json.ts";
import type { VariableValue } from "../core/template.ts";
import { inTransaction } from "../storage/transaction.ts";
import { isTaken } from "../storage/unique-violation.ts";
import { forgetAnonymous } from "./session-repository.ts";

/** A session to open on behalf of an API caller. Nothing in it has been said yet, unless `history` says so. */
export interface NewSession {
  id: string;
  workspaceId: string;
  agentId: string;
  agentVersion: number;
  channelId: string;
  single: boolean;
  /** A user that exists, one to find or make by identifier, or none. */
  user: { id: string } | { identifier: string; name: string | null } | null;
  externalId: string | null;
  title: string | null;
  situation: string | null;
  renderTemplates: boolean;
  variables: Record<string, VariableValue>;
  metadata: JsonObject;
  /** What was said before, oldest first. */
  history: readonly { role: "user" | "assistant"; content: string }[];
}

export type SessionOpened =
  | { kind: "opened" }
  /** The user has an open session here already, or the external id names one. */
  | { kind: "taken"; sessionId: string };

/** What a caller may change of a session. Undefined: stays as it is. */
export interface SessionChanges {
  externalId?: string | null;
  title?: string | null;
  situation?: string | null;
  summary?: string | null;
  renderTemplates?: boolean;
  variables?: Record<string, VariableValue>;
  metadata?: JsonObject;
}

/** The part of a session that changes are worked out from, locked while they are. */
export type ChangeableSession = Required<SessionChanges> & {
  agentId: string;
  agentVersion: number;
  participantData: JsonObject;
  userName: string | null;
};

const COLUMN_OF: Record<keyof SessionChanges, string> = {
  externalId: "external_id",
  title: "title",
  situation: "situation",
  summary: "summary",
  renderTemplates: "render_templates",
  variables: "variables",
  metadata: "metadata",
};

export type SessionWrites = ReturnType<typeof createSessionWritesRepository>;

/** What API callers do to sessions. */
export function createSessionWritesRepository(pool: Pool) {
  return {
    /** Opening the same id again changes nothing: a repeated request finds what it made. */
    open(session: NewSession): Promise<SessionOpened> {
      return inTransaction(pool, async (client) => {
        const userId = await userOf(client, session);
        const { rowCount } = await client.query(
          `INSERT INTO sessions (id, workspace_id, agent_id, agent_version, channel_id, user_id, single, external_id, address,
             title, situation, render_templates, variables, metadata, next_seq, answered_seq, inbound_seq)
           SELECT $1, $2, $3, $4, $5, u.id, $7, $8, CASE WHEN $7 THEN u.identifier END, $9, $10, $11, $12, $13,
             $14::int + 1, $14, $14
           FROM (SELECT 1) one LEFT JOIN users u ON u.id = $6
           ON CONFLICT DO NOTHING`,
          [
            session.id,
            session.workspaceId,
            session.agentId,
            session.agentVersion,
            session.channelId,
            userId,
            session.single,
            session.externalId,
            session.title,
            session.situation,
            session.renderTemplates,
            JSON.stringify(session.variables),
            JSON.stringify(session.metadata),
            session.history.length,
          ],
        );
        if (rowCount === 0) return conflictOf(client, session, userId);
        await storeHistory(client, session);
        return { kind: "opened" };
      });
    },

    /**
     * Changes a session under its lock, so that parallel merges all count. `updated_at` moves only if something
     * changed. False: there is no such session; what `decide` throws leaves everything as it was.
     */
    change(
      workspaceId: string,
      id: string,
      decide: (current: ChangeableSession) => SessionChanges,
    ): Promise<"changed" | "gone" | "external_id_taken"> {
      return inTransaction(pool, async (client) => {
        const current = await lock(client, workspaceId, id);
        if (!current) return "gone";
        const changes = decide(current);
        const changed = (Object.keys(COLUMN_OF) as (keyof SessionChanges)[]).filter(
          (name) => changes[name] !== undefined && !same(changes[name], current[name]),
        );
        if (changed.length === 0) return "changed";
        const values = changed.map((name) => {
          const value = changes[name];
          return typeof value === "object" && value !== null ? JSON.stringify(value) : value;
        });
        const assignments = changed.map((name, index) => `${COLUMN_OF[name]} = $${index + 2}`);
        try {
          await client.query(
            `UPDATE sessions SET ${assignments.join(", ")}, updated_at = now() WHERE id = $1`,
            [id, ...values],
          );
        } catch (error) {
          if (isTaken(error)) return "external_id_taken";
          throw error;
        }
        return "changed";
      });
    },

    /** Erases a session with everything in it. */
    remove(workspaceId: string, id: string): Promise<boolean> {
      return inTransaction(pool, async (client) => {
        const { rows } = await client.query<{ userId: string | null; agentId: string }>(
          `DELETE FROM sessions WHERE workspace_id = $1 AND id = $2
           RETURNING user_id AS "userId", agent_id AS "agentId"`,
          [workspaceId, id],
        );
        const [removed] = rows;
        if (removed) await forgetAnonymous(client, removed);
        return removed !== undefined;
      });
    },

    /** The open session that follows a completed one; it is opened where there is none. Null: there is no such session. */
    successor(sessionId: string): Promise<string | null> {
      return inTransaction(pool, (client) => successorOf(client, sessionId));
    },
  };
}

async function userOf(client: PoolClient, session: NewSession): Promise<string | null> {
  if (session.user === null) return null;
  if ("id" in session.user) return session.user.id;
  const { rows } = await client.query<{ id: string }>(
    `INSERT INTO users (id, workspace_id, channel_id, identifier, name) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (channel_id, identifier) DO UPDATE SET name = coalesce(EXCLUDED.name, users.name),
       updated_at = CASE WHEN EXCLUDED.name IS NULL OR EXCLUDED.name IS NOT DISTINCT FROM users.name
         THEN users.updated_at ELSE now() END
     RETURNING id`,
    [newId(), session.workspaceId, session.channelId, session.user.identifier, session.user.name],
  );
  return rows[0]?.id ?? null;
}

async function conflictOf(
  client: PoolClient,
  session: NewSession,
  userId: string | null,
): Promise<SessionOpened> {
  const { rows } = await client.query<{ id: string }>(
    `SELECT id FROM sessions WHERE id = $1 OR (status = 'active' AND channel_id = $2 AND agent_id = $3
       AND CASE WHEN single THEN user_id = $4 ELSE external_id = $5 END)
     ORDER BY (id = $1) DESC LIMIT 1`,
    [session.id, session.channelId, session.agentId, userId, session.externalId],
  );
  const id = rows[0]?.id;
  if (id === undefined) throw new Error("a session could not be opened, and none is in its way");
  return id === session.id ? { kind: "opened" } : { kind: "taken", sessionId: id };
}

async function storeHistory(client: PoolClient, session: NewSession): Promise<void> {
  if (session.history.length === 0) return;
  const rows = session.history.map((message, index) => ({ id: newId(), seq: index + 1, ...message }));
  await client.query(
    `INSERT INTO messages (id, session_id, seq, turn_seq, role, origin, content)
     SELECT h.id, $1, h.seq, h.seq, h.role, CASE h.role WHEN 'user' THEN 'user' ELSE 'bot' END, h.content
     FROM json_to_recordset($2) AS h(id text, seq int, role text, content text)`,
    [session.id, JSON.stringify(rows)],
  );
}

async function lock(client: PoolClient, workspaceId: string, id: string): Promise<ChangeableSession | null> {
  const { rows } = await client.query<ChangeableSession>(
    `SELECT s.external_id AS "externalId", s.title, s.situation, s.summary, s.render_templates AS "renderTemplates",
       s.variables, s.metadata, s.agent_id AS "agentId", s.agent_version AS "agentVersion",
       coalesce(p.data, '{}') AS "participantData", u.name AS "userName"
     FROM sessions s LEFT JOIN users u ON u.id = s.user_id
     LEFT JOIN participant_data p ON p.user_id = s.user_id AND p.agent_id = s.agent_id
     WHERE s.workspace_id = $1 AND s.id = $2 FOR UPDATE OF s`,
    [workspaceId, id],
  );
  return rows[0] ?? null;
}

/** Key order is nothing: jsonb keeps its own. */
function same(left: unknown, right: unknown): boolean {
  return JSON.stringify(sorted(left)) === JSON.stringify(sorted(right));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([key, item]) => [key, sorted(item)]),
  );
}

/** Follows the links under the lock of each session, so that parallel messages to a completed one open only one. */
async function successorOf(client: PoolClient, sessionId: string): Promise<string | null> {
  let id = sessionId;
  for (;;) {
    const { rows } = await client.query<{ status: string; next_id: string | null }>(
      "SELECT status, next_id FROM sessions WHERE id = $1 FOR UPDATE",
      [id],
    );
    const session = rows[0];
    if (!session) return null;
    if (session.status === "active") return id;
    const next = session.next_id;
    if (next === null || !(await exists(client, next))) return openSuccessor(client, id);
    id = next;
  }
}

async function exists(client: PoolClient, id: string): Promise<boolean> {
  const { rowCount } = await client.query("SELECT 1 FROM sessions WHERE id = $1", [id]);
  return rowCount === 1;
}

async function openSuccessor(client: PoolClient, id: string): Promise<string | null> {
  const { rows } = await client.query<{ id: string }>(
    `INSERT INTO sessions (id, workspace_id, agent_id, agent_version, channel_id, user_id, single, external_id, address,
       situation, render_templates, variables, metadata)
     SELECT $2, s.workspace_id, s.agent_id, a.current_version, s.channel_id, s.user_id, s.single, s.external_id, s.address,
       s.situation, s.render_templates, s.variables, s.metadata
     FROM sessions s JOIN agents a ON a.id = s.agent_id WHERE s.id = $1
     ON CONFLICT DO NOTHING RETURNING id`,
    [id, newId()],
  );
  const opened = rows[0]?.id ?? (await inTheWay(client, id));
  if (opened) await client.query("UPDATE sessions SET next_id = $2 WHERE id = $1", [id, opened]);
  return opened;
}

/** The open session that makes another one impossible: the user's only one, or the one with the same external id. */
async function inTheWay(client: PoolClient, id: string): Promise<string | null> {
  const { rows } = await client.query<{ id: string }>(
    `SELECT t.id FROM sessions s JOIN sessions t ON t.status = 'active' AND t.channel_id = s.channel_id
       AND t.agent_id = s.agent_id AND t.single = s.single
       AND CASE WHEN s.single THEN t.user_id = s.user_id ELSE t.external_id = s.external_id END
     WHERE s.id = $1`,
    [id],
  );
  return rows[0]?.id ?? null;
}
