import { type List, listOf } from "./page.ts";
import type { RequestOptions, Transport } from "./transport.ts";
import type { JsonObject, PageQuery, VariableValue } from "./types.ts";

export interface AgentVariable {
  name: string;
  required: boolean;
  default: VariableValue | null;
  description: string | null;
  /** `declared`: the definition declares it. `used`: its messages use it. */
  declared: boolean;
  used: boolean;
}

export interface Agent {
  id: string;
  workspaceId: string;
  slug: string;
  name: string;
  currentVersion: number;
  variables: AgentVariable[];
  /** The configured definition without its secrets. */
  definition: JsonObject;
  createdAt: string;
  updatedAt: string;
}

export interface AgentVersion {
  agentId: string;
  version: number;
  name: string;
  variables: AgentVariable[];
  definition: JsonObject;
  createdAt: string;
}

/** The result of a rollback to an earlier version. */
export interface AgentRollback {
  agentId: string;
  from: number;
  to: number;
  /** Number of open sessions that moved to it. */
  sessionsMoved: number;
}

export type Agents = ReturnType<typeof createAgents>;

/** Agents and their versions. A call names an agent by its id or slug. */
export function createAgents(transport: Transport) {
  const path = (agent: string, rest = "") => `/agents/${encodeURIComponent(agent)}${rest}`;
  return {
    list: (query: PageQuery = {}, options?: RequestOptions): List<Agent> =>
      listOf(transport, { method: "GET", path: "/agents", query: { ...query } }, options),

    get: (agent: string, options?: RequestOptions): Promise<Agent> =>
      transport.request({ method: "GET", path: path(agent) }, options),

    listVersions: (agent: string, query: PageQuery = {}, options?: RequestOptions): List<AgentVersion> =>
      listOf(transport, { method: "GET", path: path(agent, "/versions"), query: { ...query } }, options),

    getVersion: (agent: string, version: number, options?: RequestOptions): Promise<AgentVersion> =>
      transport.request({ method: "GET", path: path(agent, `/versions/${version}`) }, options),

    /** Makes an earlier version the current one; by default the version before the current one. */
    rollBack: (
      agent: string,
      body: { version?: number } = {},
      options?: RequestOptions,
    ): Promise<AgentRollback> =>
      transport.request({ method: "POST", path: path(agent, "/rollback"), body }, options),
  };
}
