import { type List, listOf } from "./page.ts";
import type { RequestOptions, Transport } from "./transport.ts";
import type { JsonObject, PageQuery, VariableValue } from "./types.ts";

export interface AgentVariable {
  name: string;
  required: boolean;
  default: VariableValue | null;
  description: string | null;
  /** Whether the definition declares it, and whether its messages use it. */
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
  /** As configured, without its secrets. */
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

export type Agents = ReturnType<typeof createAgents>;

/** What answers: agents and their versions. An agent is named by its id or slug. */
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
  };
}
