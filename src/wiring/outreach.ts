import type { AgentCatalog } from "../agents/agent-catalog.ts";
import { createSessionAgentRepository } from "../agents/session-agent-repository.ts";
import type { ChannelDirectory } from "../channels/channel-directory.ts";
import { isId } from "../core/ids.ts";
import type { JsonObject } from "../core/json.ts";
import type { Logger } from "../core/logger.ts";
import { mergePatch } from "../core/merge-patch.ts";
import { type QuietHours, quietHoursOf, quietUntil } from "../core/quiet-hours.ts";
import type { Reachability } from "../core/reachability.ts";
import type { ChannelRef } from "../core/runtime.ts";
import { addSchedule, laterSchedule } from "../schedules/schedule-repository.ts";
import { createParticipantRepository } from "../sessions/participant-repository.ts";
import { resetInTransaction } from "../sessions/session-repository.ts";
import { createUserAliases } from "../storage/user-aliases.ts";
import type { Spoken } from "../triggers/speak-repository.ts";
import type { TriggerOutcome } from "../triggers/trigger-outcome.ts";
import { createTriggerRepository, type Trigger } from "../triggers/trigger-repository.ts";
import { createUserRepository } from "../users/user-repository.ts";
import type { Engine } from "./engine.ts";
import type { Pipeline } from "./pipeline.ts";
import type { Reached } from "./reach.ts";

export interface OutreachDeps {
  engine: Pick<Engine, "database" | "hub">;
  channels: ChannelDirectory;
  agents: AgentCatalog;
  pipeline: Pipeline;
  reach(user: Reached): Promise<Reachability>;
  log: Logger;
}

/** Who is to be written to, by names that are known before they are. */
interface Person {
  channelId: string;
  agentId: string;
  identifier: string;
}

/** What every message passes that nobody asked for: can they be reached, may they be disturbed, and on its way. */
export function createOutreach({ engine, channels, agents, pipeline, reach, log }: OutreachDeps) {
  const { pool } = engine.database;
  const users = createUserRepository(pool);
  const aliases = createUserAliases(pool);
  const participants = createParticipantRepository(pool);
  const sessionAgents = createSessionAgentRepository(pool);
  const triggers = createTriggerRepository({
    pool,
    reset: async (client, { id, newSessionId }) =>
      resetInTransaction(client, {
        sessionId: id,
        reason: "new_session",
        authority: "any",
        agentVersion: null,
        newSessionId,
        commandSeq: null,
        notice: null,
        lease: null,
      }),
    sayLater: (client, message) => addSchedule(client, laterSchedule({ ...message, madeBy: "operator" })),
  });

  function running(channelId: string) {
    const channel = channels.byId(channelId);
    if (!channel) throw new Error("the session's channel is not running");
    return channel.ref;
  }

  /** Moves what was said: the bot is woken, or the text is sent. What a crash keeps from here, the reconciler does. */
  async function move(spoken: Spoken): Promise<void> {
    if (spoken.deliveryIds.length > 0) pipeline.enqueueDeliveries(spoken.channelId, spoken.deliveryIds);
    pipeline.notifySession(spoken.channelId, spoken.sessionId, { type: "messages" });
    // A visitor whose chat is open hears of a session that was opened for them.
    const isLive = channels.byId(spoken.channelId)?.definition.capabilities.live ?? false;
    if (isLive) engine.hub.publish(`visitor.${spoken.userId}`, { type: "sessions" });
    if (spoken.executionId === null) return;
    try {
      await pipeline.wakeSession(spoken.sessionId);
    } catch (error) {
      log.warn({ err: error, session_id: spoken.sessionId }, "could not wake a session; the reconciler will");
    }
  }

  /** The agent's quiet hours, by its current version where none is given. */
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
    return (await participants.byIdentifier(channelId, identifier, agentId))?.data ?? {};
  }

  /** When the user may be written to again; null: now. `data` is their participant data. */
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
    return { state, since: user?.unreachable?.since ?? null };
  }

  /** Who is meant on a channel: by the id of the user, by another of their names, or as that kind of channel writes it. */
  async function whoIs(channel: ChannelRef, written: string): Promise<string> {
    const user = isId(written) ? await users.get(channel.workspaceId, written) : null;
    if (user?.channel === channel.name) return user.identifier;
    return aliases.knownAs(channel.id, channel.identifierOf?.(written) ?? written);
  }

  return {
    running,
    quietFor,
    whoIs,

    /** Whether a user can be written to, and since when not. */
    reachOf: unreachable,

    /** The zone whose clock is meant where none is named: the user's, else that of the agent's quiet hours, else UTC. */
    async timezoneOf(person: Person): Promise<string> {
      const { workspaceId } = running(person.channelId);
      const hours = await agentHours(workspaceId, person.agentId);
      const always = { from: 0, to: 0, timezone: hours?.timezone ?? "UTC" };
      return quietHoursOf(await dataOf(person), always)?.timezone ?? "UTC";
    },

    /** Says something in a session that is known. */
    async say(request: Parameters<typeof triggers.say>[0]) {
      const outcome = await triggers.say(request);
      if (outcome.kind === "spoken") await move(outcome);
      return outcome;
    },

    /** Messages a user, once per key: now, or when their quiet hours are over. */
    async trigger(asked: Omit<Trigger, "notBefore">, ignoreQuietHours: boolean): Promise<TriggerOutcome> {
      const { channel, agentId } = asked;
      const identifier = await whoIs(channel, asked.identifier);
      const request = { ...asked, identifier };
      const before = await triggers.before(request);
      if (before) return before;
      const person = { channelId: channel.id, agentId, identifier };
      const { state, since } = await unreachable(person);
      if (state.kind === "unreachable") return { ...state, since };
      const data = ignoreQuietHours ? {} : mergePatch(await dataOf(person), request.participantData);
      const notBefore = ignoreQuietHours
        ? null
        : await quietFor({ workspaceId: channel.workspaceId, id: agentId }, data);
      const outcome = await triggers.run({ ...request, notBefore });
      if (outcome.kind === "spoken") await move(outcome);
      return state.kind === "limited" ? { ...outcome, limited: state } : outcome;
    },
  };
}

export type Outreach = ReturnType<typeof createOutreach>;
