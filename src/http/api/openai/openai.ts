import { z } from "zod";
import type { SessionAgent, SessionAgents } from "../../../agents/session-agent-repository.ts";
import { RequestError } from "../../../core/faults/errors.ts";
import { withOptions } from "../../../core/message/button.ts";
import type { ChannelRef } from "../../../core/session/runtime.ts";
import { storedTraceparent } from "../../../core/trace/trace-ids.ts";
import type { SessionWrites } from "../../../sessions/session-writes-repository.ts";
import { writeEventStream } from "../../streams/event-stream.ts";
import type { Conversation, Sent } from "../messages/conversation.ts";
import { answerTo, BUDGET_EXCEEDED, SESSION_HEADER } from "../messages/message-answer.ts";
import { eventsOf } from "../messages/message-events.ts";
import { defineRoute, type Route } from "../route/route.ts";
import { idParams } from "../route/wire-schemas.ts";
import { chunksOf, NO_TOKENS } from "./openai-chunks.ts";
import { continues, sessionFor } from "./openai-session.ts";
import { askedOf, completionSchema, requestSchema } from "./openai-wire.ts";

export interface OpenaiRoutesDeps {
  conversation: Conversation;
  agents: SessionAgents;
  writes: Pick<SessionWrites, "open">;
  /** The workspace's first running channel of kind `api`. */
  channel(workspaceId: string): ChannelRef | null;
}

const modelSchema = z.object({
  id: z.string().describe("The agent's slug"),
  object: z.literal("model"),
  created: z.int(),
  owned_by: z.string(),
});

/**
 * Routes below `/api/openai/v1`: an agent as an OpenAI-compatible model. Programs made for OpenAI's API can talk to it.
 */
export function openaiRoutes(deps: OpenaiRoutesDeps): Route[] {
  return [listModelsRoute(deps), getModelRoute(deps), createChatCompletionRoute(deps)];
}

function listModelsRoute(deps: OpenaiRoutesDeps): Route {
  return defineRoute({
    method: "GET",
    path: "/models",
    operationId: "listModels",
    summary: "List agents as models",
    tag: "OpenAI-compatible",
    scope: "sessions:read",
    responses: [
      {
        status: 200,
        description: "The agents",
        schema: z.object({ object: z.literal("list"), data: z.array(modelSchema) }),
      },
    ],
    async handle({ caller }) {
      const agents = await deps.agents.all(caller.workspaceId);
      return { status: 200, body: { object: "list", data: agents.map(toModel) } };
    },
  });
}

function getModelRoute(deps: OpenaiRoutesDeps): Route {
  return defineRoute({
    method: "GET",
    path: "/models/{id}",
    operationId: "getModel",
    summary: "Get an agent as a model",
    tag: "OpenAI-compatible",
    scope: "sessions:read",
    params: idParams,
    responses: [{ status: 200, description: "The agent", schema: modelSchema }],
    errors: [{ status: 404, code: "model_not_found", when: "there is no such agent" }],
    async handle({ caller, params }) {
      return { status: 200, body: toModel(await requireModel(deps, caller.workspaceId, params.id)) };
    },
  });
}

function createChatCompletionRoute(deps: OpenaiRoutesDeps): Route {
  return defineRoute({
    method: "POST",
    path: "/chat/completions",
    operationId: "createChatCompletion",
    summary: "Chat with an agent",
    description: DESCRIPTION,
    tag: "OpenAI-compatible",
    scope: "messages:write",
    audited: "console",
    body: requestSchema,
    examples: [{ body: { model: "echo", messages: [{ role: "user", content: "Hello!" }] } }],
    responses: [{ status: 200, description: "The completion, or its chunks", schema: completionSchema }],
    errors: [
      { status: 404, code: "model_not_found", when: "there is no such agent" },
      { status: 422, code: "missing_variables", when: "the agent needs values in `variables`" },
      BUDGET_EXCEEDED,
      {
        status: 424,
        code: "bot_failed",
        when: "the bot did not answer; clients do not repeat this status",
      },
      { status: 424, code: "execution_cancelled", when: "the turn was cancelled, or its session ended" },
    ],
    async handle({ caller, body, headers, resourceId, signal }) {
      const { workspaceId } = caller;
      const agent = await requireModel(deps, workspaceId, body.model);
      const asked = askedOf(body);
      const goesOn = continues(headers["x-causeway-session"], body.user);
      const session = await sessionFor(deps, { workspaceId, agent, asked, goesOn, id: resourceId });
      const sent = await deps.conversation.send(session, {
        content: asked.content,
        key: resourceId,
        traceparent: storedTraceparent(headers["traceparent"]),
      });
      const reply = { model: agent.slug, id: `chatcmpl-${idOf(sent)}`, created: seconds(new Date()) };
      const sessionHeader = { [SESSION_HEADER]: sent.sessionId };
      if (body.stream) {
        const events = eventsOf(deps.conversation, sent, 0, signal);
        const chunks = chunksOf(events, reply, body.stream_options?.include_usage ?? false);
        return {
          stream: (_request, response) => writeEventStream(response, chunks, { headers: sessionHeader }),
        };
      }
      const answer = await answerTo(deps.conversation, workspaceId, sent);
      // OpenAI's answers have no field for buttons.
      const content = [...answer.earlier_messages, answer]
        .map((message) => withOptions(message.content, message.buttons))
        .join("\n\n");
      const message = { role: "assistant", content, refusal: null };
      const finish = answer.metadata.finish_reason === "length" ? "length" : "stop";
      return {
        status: 200,
        headers: sessionHeader,
        body: {
          ...reply,
          object: "chat.completion",
          choices: [{ index: 0, message, logprobs: null, finish_reason: finish }],
          usage: answer.token_usage ?? NO_TOKENS,
        },
      };
    },
  });
}

const DESCRIPTION = `\`model\` is an agent's slug; what the model is and how it is called are the agent's, so sampling
parameters are ignored; a \`response_format\` other than text is refused. Without a header, every call is a session of
its own: system messages become its situation, earlier messages its history, and the last message, the user's, is
answered.

With \`X-Causeway-Session: continue\` and \`user\`, the call goes on in that user's session: only the last message is
taken, the rest is known. \`variables\` (not OpenAI's) fills in what the agent asks for. The header \`${SESSION_HEADER}\`
of the answer names the session.`;

async function requireModel(
  { agents }: OpenaiRoutesDeps,
  workspaceId: string,
  model: string,
): Promise<SessionAgent> {
  const agent = await agents.find(workspaceId, model);
  if (agent) return agent;
  throw new RequestError(404, "model_not_found", `There is no agent ${model} here.`);
}

function toModel(agent: SessionAgent): z.output<typeof modelSchema> {
  return { id: agent.slug, object: "model", created: seconds(agent.createdAt), owned_by: "causeway" };
}

function seconds(at: Date): number {
  return Math.floor(at.getTime() / 1000);
}

function idOf(sent: Sent): string {
  return sent.kind === "turn" ? sent.executionId : sent.sessionId;
}
