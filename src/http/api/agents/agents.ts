import { z } from "zod";
import type { AgentVersionView, AgentView } from "../../../agents/agent-queries-repository.ts";
import { RequestError } from "../../../core/faults/errors.ts";
import type { PageRequest, Slice } from "../../../core/page.ts";
import { maskDefinition } from "../../../core/session/masked-definition.ts";
import { listReply, pageQuery, pageRequest } from "../route/paging.ts";
import { defineRoute, type Route } from "../route/route.ts";
import { idSchema, jsonObjectSchema, listSchema, timestampSchema } from "../route/wire-schemas.ts";
import { agentVariables } from "./agent-variables.ts";

export interface AgentRoutesDeps {
  agents: {
    list(workspaceId: string, page: PageRequest): Promise<Slice<AgentView>>;
    find(workspaceId: string, idOrSlug: string): Promise<AgentView | null>;
    listVersions(agentId: string, page: PageRequest): Promise<Slice<AgentVersionView>>;
    findVersion(agentId: string, number: number): Promise<AgentVersionView | null>;
  };
}

const variableSchema = z
  .object({
    name: z.string(),
    required: z.boolean(),
    default: z.union([z.string(), z.number(), z.boolean(), z.null()]),
    description: z.string().nullable(),
    declared: z.boolean().describe("False: only found in the messages"),
    used: z.boolean().describe("Whether the messages use it"),
  })
  .meta({ id: "AgentVariable" });

const definitionSchema = jsonObjectSchema.describe(
  "The agent as in the configuration file, with defaults filled in. Secrets are references (`$NAME`), never values",
);

const agentSchema = z
  .object({
    id: idSchema,
    workspace_id: idSchema,
    slug: z.string(),
    name: z.string(),
    current_version: z.int().describe("The version that new sessions get"),
    variables: z.array(variableSchema).describe("Name of the current version"),
    definition: definitionSchema,
    created_at: timestampSchema,
    updated_at: timestampSchema,
  })
  .meta({ id: "Agent" });

const versionSchema = z
  .object({
    agent_id: idSchema,
    version: z.int(),
    name: z.string(),
    variables: z.array(variableSchema),
    definition: definitionSchema,
    created_at: timestampSchema,
  })
  .meta({ id: "AgentVersion" });

export const agentParams = z.object({ id: z.string().min(1).describe("The agent's id or slug") });
export const AGENT_NOT_FOUND = {
  status: 404,
  code: "agent_not_found",
  when: "there is no such agent",
} as const;
const about = { method: "GET", tag: "Agents", scope: "sessions:read", contacts: "shown" } as const;

/** `/agents`: the agents of the configuration, with every version that was ever published. */
export function agentRoutes({ agents }: AgentRoutesDeps): Route[] {
  async function findAgent(workspaceId: string, idOrSlug: string): Promise<AgentView> {
    const agent = await agents.find(workspaceId, idOrSlug);
    if (agent) return agent;
    throw new RequestError(404, "agent_not_found", `There is no agent ${idOrSlug} here.`);
  }

  return [
    defineRoute({
      ...about,
      path: "/agents",
      operationId: "listAgents",
      summary: "List agents",
      query: z.strictObject(pageQuery),
      responses: [{ status: 200, description: "Agents, newest first", schema: listSchema(agentSchema) }],
      async handle({ caller, query }) {
        return listReply(await agents.list(caller.workspaceId, pageRequest(query)), query, presentAgent);
      },
    }),
    defineRoute({
      ...about,
      path: "/agents/{id}",
      operationId: "getAgent",
      summary: "Get an agent",
      params: agentParams,
      responses: [{ status: 200, description: "The agent", schema: agentSchema }],
      errors: [AGENT_NOT_FOUND],
      async handle({ caller, params }) {
        return { status: 200, body: presentAgent(await findAgent(caller.workspaceId, params.id)) };
      },
    }),
    defineRoute({
      ...about,
      path: "/agents/{id}/versions",
      operationId: "listAgentVersions",
      summary: "List an agent's versions",
      params: agentParams,
      query: z.strictObject(pageQuery),
      responses: [{ status: 200, description: "Versions, newest first", schema: listSchema(versionSchema) }],
      errors: [AGENT_NOT_FOUND],
      async handle({ caller, params, query }) {
        const agent = await findAgent(caller.workspaceId, params.id);
        const versions = await agents.listVersions(agent.id, pageRequest(query, "version"));
        return listReply(versions, query, presentVersion, "version");
      },
    }),
    defineRoute({
      ...about,
      path: "/agents/{id}/versions/{n}",
      operationId: "getAgentVersion",
      summary: "Get a version of an agent",
      params: agentParams.extend({ n: z.string().describe("The version's number") }),
      responses: [{ status: 200, description: "The version, as it will always be", schema: versionSchema }],
      errors: [AGENT_NOT_FOUND, { status: 404, code: "version_not_found", when: "it has no such version" }],
      async handle({ caller, params }) {
        const agent = await findAgent(caller.workspaceId, params.id);
        const number = /^\d{1,9}$/.test(params.n) ? Number(params.n) : 0;
        const version = await agents.findVersion(agent.id, number);
        if (version) return { status: 200, body: presentVersion(version) };
        const message = `The agent ${agent.slug} has no version ${params.n}; the newest is ${agent.currentVersion}.`;
        throw new RequestError(404, "version_not_found", message);
      },
    }),
  ];
}

function presentAgent(agent: AgentView) {
  return {
    id: agent.id,
    workspace_id: agent.workspaceId,
    slug: agent.slug,
    name: nameOf(agent, agent.slug),
    current_version: agent.currentVersion,
    variables: agentVariables(agent.definition),
    definition: maskDefinition(agent.definition),
    created_at: agent.createdAt,
    updated_at: agent.updatedAt,
  };
}

function presentVersion(version: AgentVersionView) {
  return {
    agent_id: version.agentId,
    version: version.number,
    name: nameOf(version, ""),
    variables: agentVariables(version.definition),
    // Redacted again, because versions of earlier releases contain URLs as written.
    definition: maskDefinition(version.definition),
    created_at: version.createdAt,
  };
}

function nameOf({ definition }: { definition: AgentView["definition"] }, fallback: string): string {
  return typeof definition.name === "string" ? definition.name : fallback;
}
