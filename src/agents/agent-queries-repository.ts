import { type PageRequest, type Slice, toSlice } from "../core/page.ts";
import type { JsonObject } from "../core/text/json.ts";
import type { Database } from "../storage/database.ts";
import type { Agent, AgentVersion } from "../storage/generated/client.ts";
import { jsonObject } from "../storage/json-column.ts";
import { placeOf } from "../storage/newest-first.ts";

/** The largest number that the column holds. */
const MOST = 2 ** 31 - 1;
const clamp = (number: number) => Math.max(0, Math.min(number, MOST));

/** An agent with the definition of its current version. */
export interface AgentView
  extends Omit<Agent, "rolledBackDigest" | "retentionDays" | "shadow" | "shadowSince"> {
  /** The published form: secrets are references. */
  definition: JsonObject;
}

export interface AgentVersionView extends Omit<AgentVersion, "digest"> {
  definition: JsonObject;
}

const AGENT = `SELECT a.id, a.workspace_id AS "workspaceId", a.slug, a.current_version AS "currentVersion", v.definition,
    a.created_at AS "createdAt", a.updated_at AS "updatedAt"
  FROM agents a JOIN agent_versions v ON v.agent_id = a.id AND v.number = a.current_version`;

/** Reads agents and their versions for API callers. SQL joins the current version, which no foreign key leads to. */
export function createAgentQueries({ pool, prisma }: Pick<Database, "pool" | "prisma">) {
  return {
    async list(workspaceId: string, page: PageRequest): Promise<Slice<AgentView>> {
      const [{ rows }, total] = await Promise.all([
        pool.query<AgentView>(
          `${AGENT} WHERE a.workspace_id = $1 AND ($2::timestamptz IS NULL OR (a.created_at, a.id) < ($2, $3))
           ORDER BY a.created_at DESC, a.id DESC LIMIT $4 OFFSET $5`,
          [workspaceId, page.after?.at ?? null, page.after?.id ?? null, page.limit + 1, page.offset],
        ),
        prisma.agent.count({ where: { workspaceId } }),
      ]);
      return toSlice(rows, page.limit, total, placeOf);
    },

    /** Finds an agent by id. If no agent has that id, finds it by slug. */
    async find(workspaceId: string, idOrSlug: string): Promise<AgentView | null> {
      const { rows } = await pool.query<AgentView>(
        `${AGENT} WHERE a.workspace_id = $1 AND (a.id = $2 OR a.slug = $2) ORDER BY a.id = $2 DESC LIMIT 1`,
        [workspaceId, idOrSlug],
      );
      return rows[0] ?? null;
    },

    async listVersions(agentId: string, page: PageRequest): Promise<Slice<AgentVersionView>> {
      // The cursor's id is the version number, because versions are published one after another.
      const before = page.after === null ? MOST : clamp(Number.parseInt(page.after.id, 10) || 0);
      const [rows, total] = await Promise.all([
        prisma.agentVersion.findMany({
          where: { agentId, number: { lt: before } },
          orderBy: { number: "desc" },
          skip: page.offset,
          take: page.limit + 1,
        }),
        prisma.agentVersion.count({ where: { agentId } }),
      ]);
      return toSlice(rows.map(toVersion), page.limit, total, ({ createdAt: at, number }) => ({
        at,
        id: String(number),
      }));
    },

    async findVersion(agentId: string, number: number): Promise<AgentVersionView | null> {
      const version = await prisma.agentVersion.findUnique({
        where: { agentId_number: { agentId, number } },
      });
      return version && toVersion(version);
    },
  };
}

function toVersion(version: AgentVersion): AgentVersionView {
  return { ...version, definition: jsonObject(version.definition) };
}
