import type { Pool } from "pg";
import { z } from "zod";
import { detectVariables } from "../core/session/template.ts";
import type { VariableSpecs } from "../core/session/variables.ts";

/** The data of an agent that is needed to open a session with it. */
export interface SessionAgent {
  id: string;
  slug: string;
  name: string;
  currentVersion: number;
  createdAt: Date;
}

/** The variables that a version requires, and the messages that start every session of it. */
export interface VersionOpening {
  specs: VariableSpecs;
  /** Variables that its messages use without a declaration. */
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

/** Finds the agents that sessions refer to by id or by slug. */
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

    /** Null if the agent has no such version. */
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
