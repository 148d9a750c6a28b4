import { z } from "zod";
import type { SessionAgents } from "../../../agents/session-agent-repository.ts";
import { recordedAnswer } from "../../../turns/replay/replay-turn.ts";
import {
  SHADOW_STATUSES,
  type ShadowQueries,
  type ShadowView,
} from "../../../turns/shadow/shadow-queries-repository.ts";
import { answerSchema, toAnswer } from "../replays/replay-resource.ts";
import { listReply, pageQuery, pageRequest } from "../route/paging.ts";
import { defineRoute, type Route } from "../route/route.ts";
import { idSchema, listSchema, timestampSchema } from "../route/wire-schemas.ts";

export interface ShadowRoutesDeps {
  shadows: ShadowQueries;
  agents: Pick<SessionAgents, "find">;
}

const listQuery = z.strictObject({
  ...pageQuery,
  session_id: z.string().min(1).optional(),
  agent_id: z.string().min(1).optional().describe("The agent whose turns they are: id or slug"),
  candidate_id: z.string().min(1).optional().describe("The agent that was asked, too: id or slug"),
  status: z.enum(SHADOW_STATUSES).optional(),
});

const shadowSchema = z
  .object({
    id: idSchema,
    agent_id: idSchema,
    candidate_id: idSchema.describe("The agent that was asked, too"),
    candidate_version: z.int().nullable().describe("Null: it was not asked yet"),
    session_id: idSchema,
    execution_id: idSchema,
    message_id: idSchema.nullable(),
    content: z.string().nullable().describe("The user's message"),
    status: z
      .enum(SHADOW_STATUSES)
      .describe("`skipped`: it was not asked, and `error_code` has the reason, such as `budget_used_up`"),
    error_code: z.string().nullable(),
    recorded: answerSchema.nullable().describe("The answer that the user got"),
    answer: answerSchema.nullable().describe("The answer that nobody got. Null: none yet"),
    created_at: timestampSchema,
    ended_at: timestampSchema.nullable(),
  })
  .meta({ id: "Shadow" });

/** `GET /shadows`: the answers of an agent's `shadow` beside those that were sent. */
export function shadowRoutes({ shadows, agents }: ShadowRoutesDeps): Route[] {
  return [
    defineRoute({
      method: "GET",
      path: "/shadows",
      operationId: "listShadows",
      summary: "Compare an agent with its shadow",
      description:
        "Turns that the agent's `shadow` answered, too, with both answers side by side, newest first. `meta.total` is exact up to 10,000 and an estimate beyond.",
      tag: "Agents",
      scope: "sessions:read",
      query: listQuery,
      examples: [{ query: { status: "answered", limit: "50" } }],
      responses: [{ status: 200, description: "A page of turns", schema: listSchema(shadowSchema) }],
      async handle({ caller: { workspaceId }, query }) {
        // An unknown agent has no turns.
        const idOf = async (agent: string | undefined) =>
          agent && ((await agents.find(workspaceId, agent))?.id ?? agent);
        const filters = {
          sessionId: query.session_id,
          agentId: await idOf(query.agent_id),
          candidateId: await idOf(query.candidate_id),
          status: query.status,
        };
        return listReply(await shadows.list(workspaceId, filters, pageRequest(query)), query, present);
      },
    }),
  ];
}

function present(view: ShadowView): z.output<typeof shadowSchema> {
  const { recorded, replies, tools, totalTokens, seconds, errorCode } = view;
  return {
    id: view.id,
    agent_id: view.agentId,
    candidate_id: view.candidateId,
    candidate_version: view.candidateVersion,
    session_id: view.sessionId,
    execution_id: view.executionId,
    message_id: recorded?.messageId ?? null,
    content: recorded?.texts.join("\n") ?? null,
    status: view.status,
    error_code: errorCode,
    recorded: recorded && toAnswer(recordedAnswer(recorded)),
    answer: replies && toAnswer({ replies, tools: tools ?? [], totalTokens, seconds, errorCode }),
    created_at: view.createdAt.toISOString(),
    ended_at: view.endedAt?.toISOString() ?? null,
  };
}
