import { z } from "zod";
import type { SessionAgents } from "../../../agents/session-agent-repository.ts";
import { RequestError } from "../../../core/faults/errors.ts";
import type { HandoffQueries } from "../../../handoffs/handoff-queries-repository.ts";
import { listReply, pageQuery, pageRequest } from "../route/paging.ts";
import { defineRoute, type Route } from "../route/route.ts";
import { idParams, listSchema } from "../route/wire-schemas.ts";
import { HANDOFF_STATES, handoffSchema, toHandoff } from "./handoff-resource.ts";

export interface HandoffListDeps {
  handoffs: HandoffQueries;
  agents: Pick<SessionAgents, "find">;
}

const listQuery = z.strictObject({
  ...pageQuery,
  state: z.enum(HANDOFF_STATES).optional(),
  agent_id: z.string().min(1).optional().describe("Id or slug"),
  channel: z.string().min(1).optional(),
  desk: z.string().min(1).optional(),
});

/** Handoffs: list, get. */
export function handoffListRoutes({ handoffs, agents }: HandoffListDeps): Route[] {
  return [
    defineRoute({
      method: "GET",
      path: "/handoffs",
      operationId: "listHandoffs",
      summary: "List handoffs",
      description: "Newest first.",
      tag: "Handoffs",
      scope: "handoff:read",
      query: listQuery,
      examples: [{ query: { state: "requested" } }],
      responses: [{ status: 200, description: "A page of handoffs", schema: listSchema(handoffSchema) }],
      async handle({ caller: { workspaceId }, query }) {
        const { state, agent_id: agent, channel, desk } = query;
        // An unknown agent has no handoffs.
        const agentId = agent && ((await agents.find(workspaceId, agent))?.id ?? agent);
        const filter = { state, agentId, channel, desk };
        const slice = await handoffs.list(workspaceId, filter, pageRequest(query));
        return listReply(slice, query, toHandoff);
      },
    }),
    defineRoute({
      method: "GET",
      path: "/handoffs/{id}",
      operationId: "getHandoff",
      summary: "Get a handoff",
      tag: "Handoffs",
      scope: "handoff:read",
      params: idParams,
      responses: [{ status: 200, description: "The handoff", schema: handoffSchema }],
      errors: [{ status: 404, code: "handoff_not_found", when: "there is no such handoff" }],
      async handle({ caller, params }) {
        const found = await handoffs.find(caller.workspaceId, params.id);
        if (found) return { status: 200, body: toHandoff(found) };
        throw new RequestError(404, "handoff_not_found", `There is no handoff ${params.id} here.`);
      },
    }),
  ];
}
