import type { SessionAgent } from "../../../agents/session-agent-repository.ts";
import { RequestError } from "../../../core/faults/errors.ts";
import { excerpt } from "../../../core/text/text.ts";
import type { SessionView } from "../../../sessions/session-view.ts";
import { requireVariables } from "../sessions/session-variables.ts";
import type { OpenaiRoutesDeps } from "./openai.ts";
import type { Asked } from "./openai-wire.ts";

/** True if the call goes on in a session of the user. */
export function continues(header: string | undefined, user: string | undefined): boolean {
  if (header === undefined) return false;
  if (header !== "continue") {
    throw new RequestError(
      400,
      "invalid_header",
      "X-Causeway-Session must be `continue`. Otherwise leave it out.",
    );
  }
  if (user !== undefined) return true;
  throw new RequestError(400, "user_required", "X-Causeway-Session: continue needs `user` in the body.");
}

/** Opens the session of a call, or finds the one in which it goes on. */
export async function sessionFor(
  deps: OpenaiRoutesDeps,
  call: { workspaceId: string; agent: SessionAgent; asked: Asked; goesOn: boolean; id: string },
): Promise<SessionView> {
  const { workspaceId, agent, asked, goesOn, id } = call;
  const channel = deps.channel(workspaceId);
  if (!channel) throw new RequestError(404, "channel_not_found", "No channel of kind api is running.");
  const opening = await deps.agents.opening(agent.id, agent.currentVersion);
  if (!opening)
    throw new RequestError(404, "version_not_found", `The agent ${agent.slug} has no version yet.`);
  requireVariables(asked.variables, { ...opening, participantData: {}, profile: {} });
  const opened = await deps.writes.open({
    id,
    workspaceId,
    agentId: agent.id,
    agentVersion: agent.currentVersion,
    channelId: channel.id,
    single: false,
    user: asked.user === null ? null : { identifier: asked.user, name: null },
    externalKey: goesOn ? `openai:${asked.user}` : null,
    title: excerpt(asked.content, 80) || null,
    situation: asked.situation,
    renderTemplates: false,
    variables: asked.variables,
    metadata: {},
    history: asked.history,
  });
  return deps.conversation.session(workspaceId, opened.kind === "taken" ? opened.sessionId : id);
}
