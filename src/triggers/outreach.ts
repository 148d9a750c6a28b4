import type { AgentCatalog } from "../agents/agent-catalog.ts";
import { createSessionAgentRepository } from "../agents/session-agent-repository.ts";
import type { ChannelDirectory } from "../channels/channel-directory.ts";
import type { Logger } from "../core/process/logger.ts";
import { type QuietHours, quietHoursOf, quietUntil } from "../core/schedule/quiet-hours.ts";
import type { Reachability } from "../core/session/reachability.ts";
import type { ChannelRef } from "../core/session/runtime.ts";
import { languageOf } from "../core/session/user-language.ts";
import { missingVariables } from "../core/session/variables.ts";
import type { JsonObject } from "../core/text/json.ts";
import { mergePatch } from "../core/text/merge-patch.ts";
import type { Hub } from "../queue/hub.ts";
import { addSchedule, laterSchedule } from "../schedules/schedule-repository.ts";
import { createParticipantRepository } from "../sessions/participant-repository.ts";
import { resetInTransaction } from "../sessions/reset-repository.ts";
import type { Database } from "../storage/database.ts";
import { createUserAliases } from "../users/alias-repository.ts";
import { createReach } from "../users/reach.ts";
import { createUserRepository, type UserView } from "../users/user-repository.ts";
import { createWhoIs } from "../users/who-is.ts";
import { type HandedTo, handedToAnother } from "./handed-over-repository.ts";
import type { Spoken } from "./speak-repository.ts";
import type { TriggerOutcome } from "./trigger-outcome.ts";
import { createTriggerRepository, type Trigger } from "./trigger-repository.ts";

export interface OutreachDeps {
  database: Pick<Database, "pool">;
  hub: Pick<Hub, "publish">;
  channels: ChannelDirectory;
  agents: AgentCatalog;
  pipeline: {
    enqueueDeliveries(channelId: string, deliveryIds: readonly string[]): void;
    notifySession(channelId: string, sessionId: string, notice: { type: string }): void;
    wakeSession(sessionId: string): Promise<void>;
  };
  log: Logger;
}

/** A recipient, identified by a name that may not belong to a user yet. */
interface Person {
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

/** Handles every unprompted message: checks that the user is reachable and not in quiet hours, and then sends it. */
export function createOutreach({ database, hub, channels, agents, pipeline, log }: OutreachDeps) {
  const { pool } = database;
  const reach = createReach(channels);
  const users = createUserRepository(pool);
  const whoIs = createWhoIs({ users, aliases: createUserAliases(pool) });
  const participants = createParticipantRepository(pool);
  const sessionAgents = createSessionAgentRepository(pool);
  const triggers = createTriggerRepository({
    pool,
    reset: async (client, { id, newSessionId }) =>
      resetInTransaction(client, {
        sessionId: id,
        reason: "new_session",
        newSessionId,
      }),
    scheduleLater: (client, message) =>
      addSchedule(client, laterSchedule({ ...message, sessionId: null, madeBy: "operator" })),
  });

  function running(channelId: string) {
    const channel = channels.byId(channelId);
    if (!channel) throw new Error("the session's channel is not running");
    return channel.ref;
  }

  /** Processes a stored message: wakes the bot or sends the text. After a crash, the reconciler does this. */
  async function move(spoken: Spoken): Promise<void> {
    if (spoken.deliveryIds.length > 0) pipeline.enqueueDeliveries(spoken.channelId, spoken.deliveryIds);
    pipeline.notifySession(spoken.channelId, spoken.sessionId, { type: "messages" });
    // A visitor with an open chat is informed about a session that was opened for them.
    const isLive = channels.byId(spoken.channelId)?.definition.capabilities.live ?? false;
    if (isLive) hub.publish(`visitor.${spoken.userId}`, { type: "sessions" });
    if (spoken.executionId === null) return;
    try {
      await pipeline.wakeSession(spoken.sessionId);
    } catch (error) {
      log.warn({ err: error, session_id: spoken.sessionId }, "could not wake a session; the reconciler will");
    }
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

  async function dataOf({ channelId, agentId, identifier }: Person): Promise<JsonObject> {
    return participants.dataOf(channelId, identifier, agentId);
  }

  /** The required variables of a new session that would have no value. */
  async function withoutValue(
    { channelId, agentId }: Person,
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

  async function unreachable({ channelId, identifier }: Pick<Person, "channelId" | "identifier">) {
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

    /** Returns the reachability of a user, and the time since which they are unreachable. */
    reachOf: unreachable,

    /** The time zone for times without one: the user's, else that of the agent's quiet hours, else UTC. */
    async timezoneOf(person: Person): Promise<string> {
      const { workspaceId } = running(person.channelId);
      const hours = await agentHours(workspaceId, person.agentId);
      const always = { from: 0, to: 0, timezone: hours?.timezone ?? "UTC" };
      return quietHoursOf(await dataOf(person), always)?.timezone ?? "UTC";
    },

    /** Checks what would happen to a message now. Sends and stores nothing. */
    async check(
      channel: ChannelRef,
      agentId: string,
      to: { identifier: string; participantData: JsonObject },
    ): Promise<Prospect> {
      const identifier = await whoIs(channel, to.identifier);
      const person = { channelId: channel.id, agentId, identifier };
      const { user, state, since } = await unreachable(person);
      const participantData = mergePatch(await dataOf(person), to.participantData);
      const quietUntil = await quietFor({ workspaceId: channel.workspaceId, id: agentId }, participantData);
      const known = user && { id: user.id, identifier: user.identifier, name: user.name };
      const handedTo = user && (await handedToAnother(pool, user.id, agentId));
      return { user: known, state, since, quietUntil, handedTo };
    },

    /** Sends a message in a known session. */
    async say(request: Parameters<typeof triggers.say>[0]) {
      const outcome = await triggers.say(request);
      if (outcome.kind === "spoken") await move(outcome);
      return outcome;
    },

    /** Sends a message to a user, once per key: now, or at the end of their quiet hours. */
    async trigger(asked: Omit<Trigger, "notBefore">, ignoreQuietHours: boolean): Promise<TriggerOutcome> {
      const { channel, agentId } = asked;
      const identifier = await whoIs(channel, asked.identifier);
      const request = { ...asked, identifier };
      const before = await triggers.before(request);
      if (before) return before;
      const person = { channelId: channel.id, agentId, identifier };
      const { user, state, since } = await unreachable(person);
      if (state.kind === "unreachable") return { ...state, since };
      const isNeeded = !ignoreQuietHours || channel.kind === "api";
      const data = isNeeded ? mergePatch(await dataOf(person), request.participantData) : {};
      const notBefore = ignoreQuietHours
        ? null
        : await quietFor({ workspaceId: channel.workspaceId, id: agentId }, data);
      // Other channels only start if every variable has a source. API callers give the values with each session.
      const missing = channel.kind === "api" ? await withoutValue(person, user, data) : [];
      const outcome = await triggers.run({ ...request, notBefore, missing });
      if (outcome.kind === "spoken") await move(outcome);
      if (outcome.kind === "handoff" || outcome.kind === "variables_missing") return outcome;
      return state.kind === "limited" ? { ...outcome, limited: state } : outcome;
    },
  };
}

export type Outreach = ReturnType<typeof createOutreach>;
