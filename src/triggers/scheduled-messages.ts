import type { Logger } from "../core/process/logger.ts";
import { createRunRepository } from "../schedules/run-repository.ts";
import { type ScheduleLoopDeps, startScheduleLoop } from "../schedules/schedule-loop.ts";
import type { Database } from "../storage/database.ts";
import { createOwnClaims } from "../storage/own-claims.ts";
import type { Outreach } from "./outreach.ts";

type Sends = Pick<Outreach, "running" | "trigger" | "quietFor">;

export interface ScheduledMessagesDeps {
  pool: Database["pool"];
  /** The id of this process, and true if no other process can be alive. */
  owner: string;
  alone: boolean;
  outreach: Sends;
  pollMs: number;
  log: Logger;
}

/** Starts to send scheduled messages when they are due. */
export async function startScheduledMessages({
  pool,
  owner,
  alone,
  outreach,
  ...loop
}: ScheduledMessagesDeps) {
  const runs = createRunRepository(pool, { owner });
  if (alone) await runs.releaseAll();
  return startScheduleLoop({
    ...loop,
    runs,
    claims: createOwnClaims(runs),
    ...createScheduledMessages(outreach),
  });
}

/** Sends scheduled messages like triggers, to the user's open session or a new one. */
function createScheduledMessages(outreach: Sends): Pick<ScheduleLoopDeps, "send" | "quietUntil"> {
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
      if (outcome.kind === "variables_missing")
        return { kind: "unreachable", reason: `the agent needs values for ${outcome.missing.join(", ")}` };
      if (outcome.kind === "deferred") throw new Error("a scheduled message was put off again");
      return outcome;
    },
    quietUntil({ channelId, agentId, participantData }) {
      const { workspaceId } = outreach.running(channelId);
      return outreach.quietFor({ workspaceId, id: agentId }, participantData);
    },
  };
}
