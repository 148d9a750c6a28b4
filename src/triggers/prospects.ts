import type { AgentCatalog } from "../agents/agent-catalog.ts";
import { createSessionAgentRepository } from "../agents/session-agent-repository.ts";
import type { ChannelDirectory } from "../channels/channel-directory.ts";
import { type QuietHours, quietHoursOf, quietUntil } from "../core/schedule/quiet-hours.ts";
import type { Reachability } from "../core/session/reachability.ts";
import type { ChannelRef } from "../core/session/runtime.ts";
import { languageOf } from "../core/session/user-language.ts";
import { missingVariables } from "../core/session/variables.ts";
import type { JsonObject } from "../core/text/json.ts";
import { mergePatch } from "../core/text/merge-patch.ts";
import { createParticipantRepository } from "../sessions/participant-repository.ts";
import type { Database } from "../storage/database.ts";
import { createUserAliases } from "../users/alias-repository.ts";
import { createReach } from "../users/reach.ts";
import { createUserRepository, type UserView } from "../users/user-repository.ts";
import { createWhoIs } from "../users/who-is.ts";
import { type HandedTo, handedToAnother } from "./handed-over-repository.ts";

/** A recipient, identified by a name that may not belong to a user yet. */
export interface Recipient {
  channelId: string;
  agentId: string;
  identifier: string;
}

/** The outlook of a message to somebody. */
export interface Prospect {
  /** Null: they are new. */
  user: { id: string; identifier: string; name: string | null } | null;
  state: Reachability;
  /** The time since which the platform reports that nothing arrives. */
  since: Date | null;
  /** The end of their quiet hours, which a message waits for; null: it goes at once. */
  quietUntil: Date | null;
  /** The open session of another agent to which they were handed. A message of this agent takes them back. */
  handedTo: HandedTo | null;
}

interface ProspectsDeps {
  database: Pick<Database, "pool">;
  channels: ChannelDirectory;
  agents: AgentCatalog;
}

/** Tells if a message would reach a user now, or would wait for the end of their quiet hours. */
export function createProspects({ database, channels, agents }: ProspectsDeps) {
  const { pool } = database;
  const reach = createReach(channels);
  const users = createUserRepository(pool);
  const whoIs = createWhoIs({ users, aliases: createUserAliases(pool) });
  const participants = createParticipantRepository(pool);
  const sessionAgents = createSessionAgentRepository(pool);

  function running(channelId: string) {
    const channel = channels.byId(channelId);
    if (!channel) throw new Error("the session's channel is not running");
    return channel.ref;
  }

  /** The agent's quiet hours, from its current version if none is given. */
  async function agentHours(
    workspaceId: string,
    agentId: string,
    pinned?: number,
  ): Promise<QuietHours | null> {
    const version = pinned ?? (await sessionAgents.find(workspaceId, agentId))?.currentVersion;
    if (version === undefined) throw new Error("the agent is not there any more");
    return (await agents.load(agentId, version)).definition.quietHours;
  }

  async function dataOf({ channelId, agentId, identifier }: Recipient): Promise<JsonObject> {
    return participants.dataOf(channelId, identifier, agentId);
  }

  /** The required variables of a new session that would have no value. */
  async function withoutValue(
    { channelId, agentId }: Recipient,
    user: Pick<UserView, "name" | "profile"> | null,
    participantData: JsonObject,
  ): Promise<string[]> {
    const version = (await sessionAgents.find(running(channelId).workspaceId, agentId))?.currentVersion;
    const opening = version === undefined ? null : await sessionAgents.opening(agentId, version);
    if (opening === null) throw new Error("the agent is not there any more");
    const profile = { user_name: user?.name ?? null, user_language: user && languageOf(user.profile) };
    return missingVariables({ specs: opening.specs, participantData, profile });
  }

  /** Time at which the user may be written to again; null: now. `data` is their participant data. */
  async function quietFor(
    agent: { workspaceId: string; id: string; version?: number },
    data: JsonObject,
  ): Promise<Date | null> {
    const hours = quietHoursOf(data, await agentHours(agent.workspaceId, agent.id, agent.version));
    return hours && quietUntil(hours, new Date());
  }

  /** The reachability of a user, and the time since which they are unreachable. */
  async function reachOf({ channelId, identifier }: Pick<Recipient, "channelId" | "identifier">) {
    const user = await users.byIdentifier(channelId, identifier);
    const { workspaceId, name } = running(channelId);
    const stranger = { workspaceId, channel: name, identifier, unreachable: null };
    const state = await reach(user ?? stranger);
    return { user, state, since: user?.unreachable?.since ?? null };
  }

  return {
    running,
    quietFor,
    whoIs,
    reachOf,
    dataOf,
    withoutValue,

    /** The time zone for times without one: the user's, else that of the agent's quiet hours, else UTC. */
    async timezoneOf(recipient: Recipient): Promise<string> {
      const { workspaceId } = running(recipient.channelId);
      const hours = await agentHours(workspaceId, recipient.agentId);
      const always = { from: 0, to: 0, timezone: hours?.timezone ?? "UTC" };
      return quietHoursOf(await dataOf(recipient), always)?.timezone ?? "UTC";
    },

    /** Checks what would happen to a message now. Sends and stores nothing. */
    async check(
      channel: ChannelRef,
      agentId: string,
      to: { identifier: string; participantData: JsonObject },
    ): Promise<Prospect> {
      const identifier = await whoIs(channel, to.identifier);
      const recipient = { channelId: channel.id, agentId, identifier };
      const { user, state, since } = await reachOf(recipient);
      const participantData = mergePatch(await dataOf(recipient), to.participantData);
      const quietUntil = await quietFor({ workspaceId: channel.workspaceId, id: agentId }, participantData);
      const known = user && { id: user.id, identifier: user.identifier, name: user.name };
      const handedTo = user && (await handedToAnother(pool, user.id, agentId));
      return { user: known, state, since, quietUntil, handedTo };
    },
  };
}
