import { z } from "zod";
import type { Rollback } from "../../../agents/version-repository.ts";
import { RequestError } from "../../../core/faults/errors.ts";
import { defineRoute, type Route } from "../route/route.ts";
import { idSchema, versionNumber } from "../route/wire-schemas.ts";
import { AGENT_NOT_FOUND, type AgentRoutesDeps, agentParams } from "./agents.ts";

export interface AgentRollbackDeps extends Pick<AgentRoutesDeps, "agents"> {
  rollBack(agentId: string, to: number | null): Promise<Rollback | null>;
}

/** `POST /agents/{id}/rollback`: an operator makes an earlier version current again. */
export function agentRollbackRoutes({ agents, rollBack }: AgentRollbackDeps): Route[] {
  return [
    defineRoute({
      method: "POST",
      path: "/agents/{id}/rollback",
      operationId: "rollBackAgent",
      summary: "Go back to an earlier version",
      description:
        "Makes an earlier version the current one and moves open sessions of later versions to it. The definition in " +
        "the configuration file is published again once it changes.",
      tag: "Agents",
      scope: "admin",
      params: agentParams,
      body: z.strictObject({
        version: versionNumber.optional().describe("Default: the version before the current one"),
      }),
      examples: [],
      responses: [
        { status: 200, description: "The versions, and the sessions moved", schema: rollbackSchema },
      ],
      errors: [
        AGENT_NOT_FOUND,
        { status: 404, code: "version_not_found", when: "there is no such version before the current one" },
      ],
      async handle({ caller, params, body }) {
        const agent = await agents.find(caller.workspaceId, params.id);
        if (!agent) throw new RequestError(404, "agent_not_found", `There is no agent ${params.id} here.`);
        const rollback = await rollBack(agent.id, body.version ?? null);
        if (!rollback) {
          const message = `The agent ${agent.slug} has no such version before ${agent.currentVersion}.`;
          throw new RequestError(404, "version_not_found", message);
        }
        const { from, to, sessionIds } = rollback;
        return {
          status: 200,
          body: { agent_id: agent.id, from, to, sessions_moved: sessionIds.length },
          change: { before: { version: from }, after: { version: to } },
        };
      },
    }),
  ];
}

const rollbackSchema = z
  .strictObject({
    agent_id: idSchema,
    from: z.int().describe("The version that was current"),
    to: z.int().describe("The version that is current now"),
    sessions_moved: z.int(),
  })
  .meta({ id: "AgentRollback" });
