import type { Pool } from "pg";
import { z } from "zod";
import { detectVariables } from "../core/template.ts";
import type { VariableSpecs } from "../core/variables.ts";

/** An agent as far as opening a session with it needs to know. */
export interface SessionAgent {
  id: string;
  slug: string;
  name: string;
  currentVersion: number;
  createdAt: Date;
}

/** What a version asks of a session, and what every session of it begins with. */
export interface VersionOpening {
  specs: VariableSpecs;
  /** Names its messages use without declaring them. */
  detected: string[];
  messages: { role: "system" | "user" | "assistant"; content: string }[];
  createdAt: Date;
}

const openingSchema = z.object({
  variables: z
    .record(
      z.string(),
      z.object({
        default: z.union([z.string(), z.number(), z.boolean()]).optional(),
        required: z.boolean().optional(),
      }),
    )
    .default({}),
  messages: z
    .array(z.object({ role: z.enum(["system", "user", "assistant"]), content: z.string() }))
    .default([]),
});

const COLUMNS = `a.id, a.slug, coalesce(v.definition->>'name', a.slug) AS name, a.current_version AS "currentVersion",
  a.created_at AS "createdAt"`;
const FROM = "agents a LEFT JOIN agent_versions v ON v.agent_id = a.id AND v.number = a.current_version";

export type SessionAgents = ReturnType<typeof createSessionAgentRepository>;

/** Agents as sessions refer to them: by id or by slug. */
export function createSessionAgentRepository(pool: Pool) {
  return {
    async find(workspaceId: string, idOrSlug: string): Promise<SessionAgent | null> {
      const { rows } = await pool.query<SessionAgent>(
        `SELECT ${COLUMNS} FROM ${FROM} WHERE a.workspace_id = $1 AND (a.id = $2 OR a.slug = $2)`,
        [workspaceId, idOrSlug],
      );
      return rows[0] ?? null;
    },

    async all(workspaceId: string): Promise<SessionAgent[]> {
      const { rows } = await pool.query<SessionAgent>(
        `SELECT ${COLUMNS} FROM ${FROM} WHERE a.workspace_id = $1 ORDER BY a.slug`,
        [workspaceId],
      );
      return rows;
    },

    /** Null where the agent has no such version. */
    async opening(agentId: string, version: number): Promise<VersionOpening | null> {
      const { rows } = await pool.query<{ definition: unknown; created_at: Date }>(
        "SELECT definition, created_at FROM agent_versions WHERE agent_id = $1 AND number = $2",
        [agentId, version],
      );
      const row = rows[0];
      if (!row) return null;
      const { variables, messages } = openingSchema.parse(row.definition);
      const detected = detectVariables(messages, Object.keys(variables));
      return { specs: variables, detected, messages, createdAt: row.created_at };
    },
  };
}
