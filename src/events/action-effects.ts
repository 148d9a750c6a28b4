import type { AgentCatalog } from "../agents/agent-catalog.ts";
import { isPrivateHost, publicConnections } from "../core/network/private-addresses.ts";
import { signatureOf } from "../core/network/signature.ts";
import type { Handoffs } from "../handoffs/handoffs-repository.ts";
import { laterSchedule, type ScheduleRepository } from "../schedules/schedule-repository.ts";
import type { Outreach } from "../triggers/outreach.ts";
import type { TurnContexts } from "../turns/prompt/turn-context.ts";
import type { ActionDeps } from "./actions.ts";
import { postWebhook } from "./post-webhook.ts";

export interface ActionEffectsDeps {
  agents: Pick<AgentCatalog, "load">;
  outreach: Outreach;
  handoffs: Pick<Handoffs, "request">;
  contexts: Pick<TurnContexts, "summarize">;
  schedules: Pick<ScheduleRepository, "add">;
  /** Aborts when the process stops. */
  stopping: AbortSignal;
}

/** The effects of actions on other stages. */
export function createActionEffects(
  deps: ActionEffectsDeps,
): Omit<ActionDeps, "repository" | "notify" | "log"> {
  const { agents, outreach, handoffs, contexts, schedules, stopping } = deps;
  return {
    async say({ session, ...request }) {
      const limits = outreach.running(session.channelId);
      const outcome = await outreach.say({ ...request, sessionId: session.id, limits });
      return outcome.kind === "spoken" ? outcome : outcome.kind;
    },
    async handOff({ id, session, reason, desk }) {
      const outcome = await handoffs.request(session, { id, source: "event", reason, desk });
      if (outcome.kind === "requested") return "handed_off";
      if (outcome.kind === "open") return outcome.handoff.id === id ? "handed_off" : "open_already";
      return "session_ended";
    },
    async summarize(session) {
      const pinned = await agents.load(session.agentId, session.agentVersion);
      return contexts.summarize({
        sessionId: session.id,
        agent: { id: pinned.id, definition: pinned.definition },
        bot: pinned.bot,
        signal: stopping,
      });
    },
    async schedule({ id, session, afterMs, message }) {
      const { id: sessionId, workspaceId, agentId, channelId, user } = session;
      if (!user) throw new Error("the session has no user");
      const later = { at: new Date(Date.now() + afterMs), message };
      const place = { workspaceId, agentId, channelId, userId: user.id, sessionId };
      await schedules.add(laterSchedule({ id, ...place, madeBy: "event", later }));
      return later.at;
    },
    async unreachable({ channelId, user }) {
      if (!user) return null;
      const { state } = await outreach.reachOf({ channelId, identifier: user.identifier });
      return state.kind === "unreachable" ? state.reason : null;
    },
    quietUntil: ({ workspaceId, agentId, agentVersion, participantData }) =>
      outreach.quietFor({ workspaceId, id: agentId, version: agentVersion }, participantData),
    post: (webhook) =>
      postWebhook({ sign: signatureOf, isPrivateHost, publicConnections, signal: stopping }, webhook),
  };
}
