import type { Pool, PoolClient } from "pg";
import type { VariableValue } from "../core/session/template.ts";
import { canonicalJson, type Json, type JsonObject } from "../core/text/json.ts";
import { inTransaction } from "../storage/transaction.ts";
import { isUniqueViolation } from "../storage/unique-violation.ts";
import { DATA_OF_SESSION } from "../users/participant-writes-repository.ts";

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
const NAMES = Object.keys(COLUMN_OF) as (keyof SessionChanges)[];

/**
 * Changes a session under its lock, so that parallel merges all count. `updated_at` moves only if something changed.
 * `gone`: the session does not exist. If `decide` throws, nothing changes.
 */
export function changeSession(
  pool: Pool,
  session: { workspaceId: string; id: string },
  decide: (current: ChangeableSession) => SessionChanges,
): Promise<"changed" | "gone" | "external_id_taken"> {
  return inTransaction(pool, async (client) => {
    const current = await lock(client, session.workspaceId, session.id);
    if (!current) return "gone";
    const changes = decide(current);
    const changed = NAMES.filter(
      (name) => changes[name] !== undefined && !isSame(changes[name], current[name]),
    );
    if (changed.length === 0) return "changed";
    try {
      await write(client, session.id, changes, changed);
      if (changed.includes("agentVersion")) await takeOverRules(client, session.id);
    } catch (error) {
      if (isUniqueViolation(error)) return "external_id_taken";
      throw error;
    }
    return "changed";
  });
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

async function write(
  client: PoolClient,
  id: string,
  changes: SessionChanges,
  changed: readonly (keyof SessionChanges)[],
): Promise<void> {
  const values = changed.map((name) => {
    const value = changes[name];
    return typeof value === "object" && value !== null ? JSON.stringify(value) : value;
  });
  const assignments = changed.map((name, index) => `${COLUMN_OF[name]} = $${index + 2}`);
  await client.query(`UPDATE sessions SET ${assignments.join(", ")}, updated_at = now() WHERE id = $1`, [
    id,
    ...values,
  ]);
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
function isSame(left: Json | undefined, right: Json): boolean {
  return left !== undefined && canonicalJson(left) === canonicalJson(right);
}
