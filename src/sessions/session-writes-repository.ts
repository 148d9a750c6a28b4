import type { Pool, PoolClient } from "pg";
import { newId } from "../core/ids.ts";
import type { VariableValue } from "../core/session/template.ts";
import type { JsonObject } from "../core/text/json.ts";
import { storableJson } from "../core/text/text.ts";
import { inTransaction } from "../storage/transaction.ts";
import { isUniqueViolation } from "../storage/unique-violation.ts";
import { DATA_OF_SESSION } from "../users/participant-writes-repository.ts";
import { storeHistory } from "./append-repository.ts";
import { openSession } from "./open-repository.ts";
import { sessionOfKey, successorOf } from "./resolve-repository.ts";

/** A session that an API caller opens. It has no messages, except those in `history`. */
export interface NewSession {
  id: string;
  workspaceId: string;
  agentId: string;
  agentVersion: number;
  channelId: string;
  single: boolean;
  /** An existing user, a user to find or create by identifier, or none. */
  user: { id: string } | { identifier: string; name: string | null; language?: string | null } | null;
  externalKey: string | null;
  title: string | null;
  situation: string | null;
  renderTemplates: boolean;
  variables: Record<string, VariableValue>;
  metadata: JsonObject;
  /** Earlier messages, oldest first. */
  history: readonly { role: "user" | "assistant"; content: string }[];
}

export type SessionOpened =
  | { kind: "opened" }
  /** The user has an open session here already, or one with this external id is open. */
  | { kind: "taken"; sessionId: string };

/** The fields of a session that a caller may change. Undefined: the field stays unchanged. */
export interface SessionChanges {
  externalKey?: string | null;
  title?: string | null;
  situation?: string | null;
  summary?: string | null;
  renderTemplates?: boolean;
  variables?: Record<string, VariableValue>;
  metadata?: JsonObject;
  /** Another version of the session's agent; the caller has checked that it exists. */
  agentVersion?: number;
}

/** The part of a session from which changes are computed. The row is locked during that time. */
export type ChangeableSession = Required<SessionChanges> & {
  agentId: string;
  participantData: JsonObject;
  userName: string | null;
  userProfile: JsonObject;
};

const COLUMN_OF: Record<keyof SessionChanges, string> = {
  externalKey: "external_id",
  title: "title",
  situation: "situation",
  summary: "summary",
  renderTemplates: "render_templates",
  variables: "variables",
  metadata: "metadata",
  agentVersion: "agent_version",
};

export type SessionWrites = ReturnType<typeof createSessionWritesRepository>;

/** Operations of API callers on sessions. */
export function createSessionWritesRepository(pool: Pool) {
  return {
    /** Opening the same id again changes nothing, so a repeated request finds its session. */
    open(session: NewSession): Promise<SessionOpened> {
      return inTransaction(pool, async (client) => {
        const user = await userOf(client, session);
        const userId = user?.id ?? null;
        const address = session.single ? (user?.identifier ?? null) : null;
        const historyLength = session.history.length;
        const opened = await openSession(client, { ...session, userId, address, historyLength });
        if (opened === null) return conflictOf(client, { ...session, userId });
        await storeHistory(client, session.id, session.history);
        return { kind: "opened" };
      });
    },

    /**
     * Changes a session under its lock, so that parallel merges all count. `updated_at` moves only if something
     * changed. `gone`: the session does not exist. If `decide` throws, nothing changes.
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
          if (changed.includes("agentVersion")) await takeOverRules(client, id);
        } catch (error) {
          if (isUniqueViolation(error)) return "external_id_taken";
          throw error;
        }
        return "changed";
      });
    },

    /** Deletes a session with everything in it. */
    async remove(workspaceId: string, id: string): Promise<boolean> {
      const { rowCount } = await pool.query("DELETE FROM sessions WHERE workspace_id = $1 AND id = $2", [
        workspaceId,
        id,
      ]);
      return rowCount === 1;
    },

    /** The open session that follows a completed one; opens it if there is none. Null: the session does not exist. */
    successor(sessionId: string): Promise<string | null> {
      return inTransaction(pool, (client) => successorOf(client, sessionId));
    },
  };
}

async function userOf(
  client: PoolClient,
  { user, workspaceId, channelId }: NewSession,
): Promise<{ id: string; identifier: string } | null> {
  if (user === null) return null;
  const { rows } =
    "id" in user
      ? await client.query<{ id: string; identifier: string }>(
          "SELECT id, identifier FROM users WHERE id = $1",
          [user.id],
        )
      : await client.query<{ id: string; identifier: string }>(
          `INSERT INTO users (id, workspace_id, channel_id, identifier, name, profile) VALUES ($1, $2, $3, $4, $5, $6)
           ON CONFLICT (channel_id, identifier) DO UPDATE SET name = coalesce(EXCLUDED.name, users.name),
             profile = users.profile || EXCLUDED.profile,
             updated_at = CASE WHEN (EXCLUDED.name IS NULL OR EXCLUDED.name IS NOT DISTINCT FROM users.name)
               AND users.profile @> EXCLUDED.profile THEN users.updated_at ELSE now() END
           RETURNING id, identifier`,
          [
            newId(),
            workspaceId,
            channelId,
            user.identifier,
            user.name,
            storableJson(user.language ? { locale: user.language } : {}),
          ],
        );
  return rows[0] ?? null;
}

async function conflictOf(
  client: PoolClient,
  session: NewSession & { userId: string | null },
): Promise<SessionOpened> {
  const { rowCount } = await client.query("SELECT 1 FROM sessions WHERE id = $1", [session.id]);
  if (rowCount === 1) return { kind: "opened" };
  const key = session.single ? session.userId : session.externalKey;
  const sessionId = await sessionOfKey(client, { ...session, key });
  if (sessionId === null) throw new Error("a session could not be opened, and none is in its way");
  return { kind: "taken", sessionId };
}

async function lock(client: PoolClient, workspaceId: string, id: string): Promise<ChangeableSession | null> {
  const { rows } = await client.query<ChangeableSession>(
    `SELECT s.external_id AS "externalKey", s.title, s.situation, s.summary, s.render_templates AS "renderTemplates",
       s.variables, s.metadata, s.agent_id AS "agentId", s.agent_version AS "agentVersion",
       coalesce(p.data, '{}') AS "participantData", u.name AS "userName",
       coalesce(u.profile, '{}') AS "userProfile"
     FROM sessions s LEFT JOIN users u ON u.id = s.user_id
     ${DATA_OF_SESSION}
     WHERE s.workspace_id = $1 AND s.id = $2 FOR UPDATE OF s`,
    [workspaceId, id],
  );
  return rows[0] ?? null;
}

/**
 * The rules come with the agent version. The timers of the old version are deleted; those of the new one start with the
 * next message.
 */
async function takeOverRules(client: PoolClient, id: string): Promise<void> {
  await client.query("DELETE FROM event_timers WHERE session_id = $1", [id]);
  await client.query(
    `UPDATE sessions s SET watched = EXISTS (SELECT 1 FROM event_rules_of(s.agent_id, s.agent_version))
     WHERE s.id = $1`,
    [id],
  );
}

/** Ignores the order of keys, because jsonb does not keep it. */
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
