import type { AgentCatalog } from "../agents/agent-catalog.ts";
import type { ChannelDirectory } from "../channels/channel-directory.ts";
import type { Logger } from "../core/process/logger.ts";
import { mergePatch } from "../core/text/merge-patch.ts";
import type { Hub } from "../queue/hub.ts";
import { addSchedule, laterSchedule } from "../schedules/schedule-repository.ts";
import type { Database } from "../storage/database.ts";
import { createProspects } from "./prospects.ts";
import type { Spoken } from "./speak-repository.ts";
import type { Trigger } from "./trigger.ts";
import type { TriggerOutcome } from "./trigger-outcome.ts";
import { createTriggerRepository } from "./trigger-repository.ts";

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

/** Handles every unprompted message: checks that the user is reachable and not in quiet hours, and then sends it. */
export function createOutreach(deps: OutreachDeps) {
  const { pool } = deps.database;
  const prospects = createProspects(deps);
  const { running, quietFor, whoIs, reachOf, dataOf, withoutValue, timezoneOf, check } = prospects;
  const triggers = createTriggerRepository({
    pool,
    scheduleLater: (client, message) =>
      addSchedule(client, laterSchedule({ ...message, sessionId: null, madeBy: "operator" })),
  });

  return {
    running,
    quietFor,
    whoIs,
    reachOf,
    timezoneOf,
    check,

    /** Sends a message in a known session. */
    async say(request: Parameters<typeof triggers.say>[0]) {
      const outcome = await triggers.say(request);
      if (outcome.kind === "spoken") await move(deps, outcome);
      return outcome;
    },

    /** Sends a message to a user, once per key: now, or at the end of their quiet hours. */
    async trigger(asked: Omit<Trigger, "notBefore">, ignoreQuietHours: boolean): Promise<TriggerOutcome> {
      const { channel, agentId } = asked;
      const identifier = await whoIs(channel, asked.identifier);
      const request = { ...asked, identifier };
      const before = await triggers.before(request);
      if (before) return before;
      const recipient = { channelId: channel.id, agentId, identifier };
      const { user, state, since } = await reachOf(recipient);
      if (state.kind === "unreachable") return { ...state, since };
      const isNeeded = !ignoreQuietHours || channel.kind === "api";
      const data = isNeeded ? mergePatch(await dataOf(recipient), request.participantData) : {};
      const notBefore = ignoreQuietHours
        ? null
        : await quietFor({ workspaceId: channel.workspaceId, id: agentId }, data);
      // Other channels only start if every variable has a source. API callers give the values with each session.
      const missing = channel.kind === "api" ? await withoutValue(recipient, user, data) : [];
      const outcome = await triggers.run({ ...request, notBefore, missing });
      if (outcome.kind === "spoken") await move(deps, outcome);
      if (outcome.kind === "handoff" || outcome.kind === "variables_missing") return outcome;
      return state.kind === "limited" ? { ...outcome, limited: state } : outcome;
    },
  };
}

/** Processes a stored message: wakes the bot or sends the text. After a crash, the reconciler does this. */
async function move({ pipeline, channels, hub, log }: OutreachDeps, spoken: Spoken): Promise<void> {
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

export type Outreach = ReturnType<typeof createOutreach>;
