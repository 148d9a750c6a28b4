import type { SessionAgent, SessionAgents } from "../../../agents/session-agent-repository.ts";
import { RequestError } from "../../../core/faults/errors.ts";
import type { ChannelRef } from "../../../core/session/runtime.ts";
import type { Participant, Participants } from "../../../sessions/participant-repository.ts";
import type { WhoIs } from "../../../users/who-is.ts";

export interface SessionScopeDeps {
  agents: Pick<SessionAgents, "find">;
  participants: Participants;
  whoIs: WhoIs;
  /** The running channel of that name in a workspace. Without a name: the workspace's first channel of kind `api`. */
  channel(workspaceId: string, name: string | null): ChannelRef | null;
}

/** The agent, channel and user that a request names for its session. */
interface ScopeNames {
  agent_id: string;
  channel?: string | null | undefined;
  user_id?: string | null | undefined;
  user?: { identifier: string } | null | undefined;
}

/** The scope of a session. */
export interface SessionScope {
  agent: SessionAgent;
  channel: ChannelRef;
  /** The stored identifier of the user that is named by one; null for any other. */
  identifier: string | null;
  /** Null if no user is named, or if the user is new. */
  participant: Participant | null;
}

/** Errors of `sessionScope`, for a route's list. */
export const SESSION_SCOPE_ERRORS = [
  { status: 404, code: "agent_not_found", when: "there is no such agent" },
  { status: 404, code: "user_not_found", when: "there is no such user" },
  { status: 404, code: "channel_not_found", when: "there is no such channel, or it is not running" },
  {
    status: 422,
    code: "channel_opens_sessions",
    when: "sessions on that kind of channel begin on the platform",
  },
  { status: 422, code: "ambiguous_user", when: "both `user_id` and `user` are given" },
  { status: 422, code: "user_required", when: "a user has one session there, and none is named" },
  { status: 422, code: "user_of_other_channel", when: "the user belongs to another channel" },
] as const;

/** Finds the scope of a new session. Throws the caller's mistakes. */
export async function sessionScope(
  deps: SessionScopeDeps,
  workspaceId: string,
  names: ScopeNames,
): Promise<SessionScope> {
  const agent = await deps.agents.find(workspaceId, names.agent_id);
  if (!agent) throw missing("agent", `There is no agent ${names.agent_id} here.`);
  const channel = requireChannel(deps, workspaceId, names.channel ?? null);
  const identifier = names.user ? await deps.whoIs(channel, names.user.identifier) : null;
  const participant = await requireParticipant(deps, { workspaceId, channel, agent, identifier }, names);
  return { agent, channel, identifier, participant };
}

function requireChannel(deps: SessionScopeDeps, workspaceId: string, name: string | null): ChannelRef {
  const channel = deps.channel(workspaceId, name);
  if (!channel) {
    throw missing(
      "channel",
      name === null ? "No channel of kind api is running: name one." : `There is no channel ${name} here.`,
    );
  }
  // On other channels a user's sessions differ by their place on the platform, and only the platform knows it.
  if (channel.sessions === "single" || channel.kind === "api" || channel.kind === "web") return channel;
  throw new RequestError(
    422,
    "channel_opens_sessions",
    `Sessions on ${channel.name} begin on the platform (kind ${channel.kind}).`,
  );
}

async function requireParticipant(
  deps: SessionScopeDeps,
  scope: { workspaceId: string; channel: ChannelRef; agent: SessionAgent; identifier: string | null },
  names: ScopeNames,
): Promise<Participant | null> {
  const { workspaceId, channel, agent, identifier } = scope;
  const userId = names.user_id ?? null;
  if (userId !== null && identifier !== null) {
    throw new RequestError(422, "ambiguous_user", "Give either user_id or user, not both.");
  }
  if (identifier !== null) return deps.participants.byIdentifier(channel.id, identifier, agent.id);
  if (userId === null) {
    if (channel.sessions === "many") return null;
    throw new RequestError(422, "user_required", `A session on ${channel.name} needs a user.`);
  }
  const user = await deps.participants.byId(workspaceId, userId, agent.id);
  if (!user) throw missing("user", `There is no user ${userId} here.`);
  if (user.channelId === channel.id) return user;
  throw new RequestError(
    422,
    "user_of_other_channel",
    `The user ${user.id} belongs to another channel than ${channel.name}: name theirs as channel.`,
  );
}

function missing(thing: string, message: string): RequestError {
  return new RequestError(404, `${thing}_not_found`, message);
}
