import type { SessionAgent, SessionAgents } from "../../../agents/session-agent-repository.ts";
import { RequestError } from "../../../core/faults/errors.ts";
import type { ReplyLimits } from "../../../core/message/reply-parts.ts";
import type { ChannelRef } from "../../../core/session/runtime.ts";

/** A channel for sending texts. */
export type OutreachChannel = ChannelRef & ReplyLimits;

export interface OutreachDeps {
  agents: SessionAgents;
  /** The running channel of that name in a workspace. */
  channel(workspaceId: string, name: string): OutreachChannel | null;
}

/** Errors of every route that sends a user an unprompted message. */
export const OUTREACH_ERRORS = [
  { status: 404, code: "agent_not_found", when: "there is no such agent" },
  { status: 404, code: "channel_not_found", when: "there is no such channel, or it is not running" },
  {
    status: 422,
    code: "agent_not_on_channel",
    when: "another agent answers there, so it would get the reply",
  },
  {
    status: 422,
    code: "channel_opens_sessions",
    when: "sessions on that kind of channel begin on the platform",
  },
] as const;

/** The agent and the channel, by the names that a caller gave. */
export async function outreachTarget(
  deps: OutreachDeps,
  workspaceId: string,
  names: { agent: string; channel: string },
): Promise<{ agent: SessionAgent; channel: OutreachChannel }> {
  const agent = await deps.agents.find(workspaceId, names.agent);
  if (!agent) throw new RequestError(404, "agent_not_found", `There is no agent ${names.agent} here.`);
  const channel = deps.channel(workspaceId, names.channel);
  if (!channel) {
    throw new RequestError(404, "channel_not_found", `There is no channel ${names.channel} here.`);
  }
  const named = channel.kind === "api" || channel.kind === "web";
  if (channel.sessions !== "single" && !named && !channel.addressesUsers) {
    const message = `Sessions on ${channel.name} begin on the platform (kind ${channel.kind}).`;
    throw new RequestError(422, "channel_opens_sessions", message);
  }
  // If users have many sessions, a reply goes to the agent of its session.
  if (channel.agentId !== agent.id && channel.kind !== "api" && !channel.addressesUsers) {
    const message = `The agent ${agent.slug} does not answer on ${channel.name}.`;
    throw new RequestError(422, "agent_not_on_channel", message);
  }
  return { agent, channel };
}
