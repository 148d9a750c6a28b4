import { stableId } from "../core/ids.ts";
import type { UnpromptedMessage } from "../core/message/unprompted-message.ts";
import { isJsonObject } from "../core/text/json.ts";
import type { ActionDeps } from "./action-deps.ts";
import { malformed, overtaken, waits } from "./action-outcomes.ts";
import type { ActingSession } from "./action-repository.ts";
import type { ActionOutcome, RunningAction } from "./carry-out.ts";
import { silenceSince } from "./firing-kinds.ts";
import type { Firing } from "./firing-repository.ts";

const NO_USER: ActionOutcome = { kind: "failed", reason: "the session has no user" };

export async function endSession(
  deps: ActionDeps,
  session: ActingSession,
  firing: Firing,
): Promise<ActionOutcome> {
  const outcome = await deps.repository.end(session.id, silenceSince(firing));
  if (outcome === "overtaken") return overtaken();
  if (outcome === "busy") return waits("waits for an answer that is being written");
  deps.notify(session);
  return { kind: "done", result: outcome === "ended" ? {} : { reason: "it had ended before" } };
}

export async function handOff(
  deps: ActionDeps,
  action: RunningAction,
  session: ActingSession,
  key: string,
): Promise<ActionOutcome> {
  const reason = typeof action.reason === "string" ? action.reason : null;
  const desk = typeof action.desk === "string" ? action.desk : undefined;
  const id = stableId(key);
  const outcome = await deps.effects.handOff({ id, session, reason, desk });
  if (outcome === "session_ended") return { kind: "overtaken", reason: "the session has ended" };
  return {
    kind: "done",
    result: outcome === "handed_off" ? { handoff_id: id } : { reason: "it was open" },
  };
}

export async function handOver(
  deps: ActionDeps,
  action: RunningAction,
  session: ActingSession,
): Promise<ActionOutcome> {
  const { agent } = action;
  if (typeof agent !== "string") return malformed(action);
  const outcome = await deps.repository.handOver(session.id, agent);
  if (outcome === "handed_over") return { kind: "done", result: { agent } };
  if (outcome === "ended_before") return { kind: "overtaken", reason: "the session has ended" };
  return { kind: "failed", reason: `there is no agent ${agent}` };
}

export function logEvent(deps: ActionDeps, { id, channel }: ActingSession, firing: Firing): ActionOutcome {
  const fields = { event_id: firing.id, event: firing.event, session_id: id, channel };
  deps.log.info(fields, "event");
  return { kind: "done" };
}

export async function setData(
  deps: ActionDeps,
  action: RunningAction,
  session: ActingSession,
): Promise<ActionOutcome> {
  const { data } = action;
  if (!isJsonObject(data)) return malformed(action);
  if (!session.user) return NO_USER;
  const { id: sessionId, agentId } = session;
  await deps.repository.mergeData({ userId: session.user.id, sessionId, agentId }, data);
  return { kind: "done" };
}

export async function summarize(deps: ActionDeps, session: ActingSession): Promise<ActionOutcome> {
  return (await deps.effects.summarize(session)) === "summarized"
    ? { kind: "done" }
    : { kind: "failed", reason: "the agent's bot cannot summarize" };
}

export async function scheduleMessage(
  deps: ActionDeps,
  action: RunningAction,
  session: ActingSession,
  key: string,
  message: UnpromptedMessage,
): Promise<ActionOutcome> {
  const { afterMs } = action;
  if (typeof afterMs !== "number") return malformed(action);
  if (!session.user) return NO_USER;
  const id = stableId(key);
  const dueAt = await deps.effects.schedule({ id, session, afterMs, message });
  return { kind: "done", result: { schedule_id: id, due_at: dueAt.toISOString() } };
}
