import type { AgentCatalog } from "../agents/agent-catalog.ts";
import type { UnpromptedMessage } from "../core/message/unprompted-message.ts";
import { isPrivateHost, publicConnections } from "../core/network/private-addresses.ts";
import { signatureOf } from "../core/network/signature.ts";
import type { JsonObject } from "../core/text/json.ts";
import type { Handoffs } from "../handoffs/handoffs-repository.ts";
import { laterSchedule, type ScheduleRepository } from "../schedules/schedule-repository.ts";
import type { Outreach } from "../triggers/outreach.ts";
import type { TurnContexts } from "../turns/prompt/turn-context.ts";
import type { ActingSession } from "./action-repository.ts";
import { postWebhook, type WebhookPost } from "./post-webhook.ts";

/** The effects of actions on other stages. */
export interface ActionEffects {
  /** Sends an unprompted message in the session, through its own agent and channel. */
  say(request: {
    session: ActingSession;
    key: string;
    message: UnpromptedMessage;
    metadata: JsonObject;
    unlessUserWroteAfter: number | null;
  }): Promise<"overtaken" | "session_gone" | "handoff" | { messageId: string; executionId: string | null }>;
  /** Asks for a person, once per id. */
  handOff(request: {
    id: string;
    session: ActingSession;
    reason: string | null;
    desk: string | undefined;
  }): Promise<"handed_off" | "open_already" | "session_ended">;
  /** Updates the session's summary so that it covers every message. */
  summarize(session: ActingSession): Promise<"summarized" | "unsupported">;
  /** Schedules a message for later, once per id. Returns the time when it is due. */
  schedule(request: {
    id: string;
    session: ActingSession;
    afterMs: number;
    message: UnpromptedMessage;
  }): Promise<Date>;
  post(webhook: WebhookPost): Promise<number>;
  /** The reason why a message cannot reach the session's user; null: it can, as far as is known. */
  unreachable(session: ActingSession): Promise<string | null>;
  /** The time from which unprompted messages to the user are allowed again; null: now. */
  quietUntil(session: ActingSession): Promise<Date | null>;
}

export interface ActionEffectsDeps {
  agents: Pick<AgentCatalog, "load">;
  outreach: Outreach;
  handoffs: Pick<Handoffs, "request">;
  contexts: Pick<TurnContexts, "summarize">;
  schedules: Pick<ScheduleRepository, "add">;
  /** Aborts when the process stops. */
  stopping: AbortSignal;
}

export function createActionEffects(deps: ActionEffectsDeps): ActionEffects {
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
