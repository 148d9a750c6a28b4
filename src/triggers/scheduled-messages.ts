import type { ScheduleLoopDeps } from "../schedules/schedule-loop.ts";
import type { Outreach } from "./outreach.ts";

/** Sends scheduled messages like triggers, to the user's open session or a new one. */
export function createScheduledMessages(
  outreach: Pick<Outreach, "running" | "trigger" | "quietFor">,
): Pick<ScheduleLoopDeps, "send" | "quietUntil"> {
  return {
    async send({ channelId, agentId, identifier, sessionId, message }, key) {
      const outcome = await outreach.trigger(
        {
          channel: outreach.running(channelId),
          agentId,
          identifier,
          sessionId,
          message,
          startNewSession: false,
          sessionData: {},
          participantData: {},
          metadata: {},
          key,
        },
        true,
      );
      if (outcome.kind === "handoff") return { kind: "unreachable", reason: "a person answers them" };
      if (outcome.kind === "deferred") throw new Error("a scheduled message was put off again");
      return outcome;
    },
    quietUntil({ channelId, agentId, participantData }) {
      const { workspaceId } = outreach.running(channelId);
      return outreach.quietFor({ workspaceId, id: agentId }, participantData);
    },
  };
}
