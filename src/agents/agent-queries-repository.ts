import type { Pool } from "pg";
import { type PageRequest, type Slice, toSlice } from "../core/page.ts";
import type { JsonObject } from "../core/text/json.ts";

/** An agent with the definition of its current version. */
export interface AgentView {
  id: string;
  workspaceId: string;
  slug: string;
  currentVersion: number;
  /** The published form: secrets are references. */
  definition: JsonObject;
  createdAt: Date;
  updatedAt: Date;
}

export interface AgentVersionView {
  agentId: string;
  number: number;
  definition: JsonObject;
  createdAt: Date;
}

interface AgentRow {
  id: string;
  workspace_id: string;
  slug: string;
  current_version: number;
  definition: JsonObject;
  created_at: Date;
  updated_at: Date;
}

interface VersionRow {
  agent_id: string;
  number: number;
  definition: JsonObject;
  created_at: Date;
}

const AGENT = `SELECT a.id, a.workspace_id, a.slug, a.current_version, v.definition, a.created_at, a.updated_at
  FROM agents a JOIN agent_versions v ON v.agent_id = a.id AND v.number = a.current_version`;
const VERSION = "SELECT agent_id, number, definition, created_at FROM agent_versions";

/** Reads agents and their versions for API callers. */
export function createAgentQueries(pool: Pool) {
  return {
    async list(workspaceId: string, page: PageRequest): Promise<Slice<AgentView>> {
      const { rows } = await pool.query<AgentRow>(
        `${AGENT} WHERE a.workspace_id = $1 AND ($2::timestamptz IS NULL OR (a.created_at, a.id) < ($2, $3))
         ORDER BY a.created_at DESC, a.id DESC LIMIT $4 OFFSET $5`,
        [workspaceId, page.after?.at ?? null, page.after?.id ?? null, page.limit + 1, page.offset],
      );
      const total = await count(
        "SELECT count(*)::int AS total FROM agents WHERE workspace_id = $1",
        workspaceId,
      );
      return toSlice(rows.map(toAgent), page.limit, total, ({ createdAt: at, id }) => ({ at, id }));
    },

    /** Finds an agent by id. If no agent has that id, finds it by slug. */
    async find(workspaceId: string, idOrSlug: string): Promise<AgentView | null> {
      const { rows } = await pool.query<AgentRow>(
        `${AGENT} WHERE a.workspace_id = $1 AND (a.id = $2 OR a.slug = $2) ORDER BY a.id = $2 DESC LIMIT 1`,
        [workspaceId, idOrSlug],
      );
      return rows[0] ? toAgent(rows[0]) : null;
    },

    async listVersions(agentId: string, page: PageRequest): Promise<Slice<AgentVersionView>> {
      // The cursor's id is the version number, because versions are published one after another.
      const before = page.after === null ? null : Number.parseInt(page.after.id, 10) || 0;
      const { rows } = await pool.query<VersionRow>(
        `${VERSION} WHERE agent_id = $1 AND ($2::bigint IS NULL OR number < $2)
         ORDER BY number DESC LIMIT $3 OFFSET $4`,
        [agentId, before, page.limit + 1, page.offset],
      );
      const total = await count(
        "SELECT count(*)::int AS total FROM agent_versions WHERE agent_id = $1",
        agentId,
      );
      return toSlice(rows.map(toVersion), page.limit, total, ({ createdAt: at, number }) => ({
        at,
        id: String(number),
      }));
    },

    async findVersion(agentId: string, number: number): Promise<AgentVersionView | null> {
      const { rows } = await pool.query<VersionRow>(`${VERSION} WHERE agent_id = $1 AND number = $2`, [
        agentId,
        number,
      ]);
      return rows[0] ? toVersion(rows[0]) : null;
    },
  };

  async function count(sql: string, of: string): Promise<number> {
    const { rows } = await pool.query<{ total: number }>(sql, [of]);
    return rows[0]?.total ?? 0;
  }
}

function toAgent(row: AgentRow): AgentView {
  return {
    id: row.id,
    workspaceId: row.workspace_id,
    slug: row.slug,
    currentVersion: row.current_version,
    definition: row.definition,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

function toVersion(row: VersionRow): AgentVersionView {
  return {
    agentId: row.agent_id,
    number: row.number,
    definition: row.definition,
    createdAt: row.created_at,
  };
}
