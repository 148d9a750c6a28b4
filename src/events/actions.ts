import { stableId } from "../core/ids.ts";
import { toUnprompted, type UnpromptedMessage } from "../core/message/unprompted-message.ts";
import type { Logger } from "../core/process/logger.ts";
import { isJsonObject } from "../core/text/json.ts";
import type { ActionEffects } from "./action-effects.ts";
import { malformed, overtaken, personAnswers, waits, waitsForBot } from "./action-outcomes.ts";
import type { ActingSession, ActionRepository } from "./action-repository.ts";
import { callWebhook } from "./call-webhook.ts";
import type { ActionOutcome, RunningAction } from "./carry-out.ts";
import { isGreeting, isTimeout, silenceSince } from "./firing-kinds.ts";
import type { Firing } from "./firing-repository.ts";

export interface ActionDeps {
  repository: ActionRepository;
  effects: ActionEffects;
  /** Notifies the followers of a changed session. */
  notify(session: ActingSession): void;
  log: Logger;
}

/** Actions after which the bot does not answer any more. */
const REPLACES_BOT: ReadonlySet<string> = new Set(["handoff", "start_agent"]);
/** Actions that change or report what the bot has just been asked to write about. */
const FOLLOWS: ReadonlySet<string> = new Set([
  "set_participant_data",
  "summarize",
  "schedule_message",
  "webhook",
]);

/** Runs the actions of a rule. Every action is safe to repeat. */
export function createActions(deps: ActionDeps) {
  return async function act(action: RunningAction, firing: Firing, place: number): Promise<ActionOutcome> {
    const session = await deps.repository.session(firing.sessionId);
    if (!session) return { kind: "overtaken", reason: "the session was deleted" };
    if (isTimeout(firing) && session.handoffId !== null) return personAnswers();
    if (await isTooSoon(action, session, firing, place)) return waitsForBot();
    const key = `event:${firing.id}:${place}`;
    const { buttons, format } = action;
    const message = toUnprompted(action.prompt, action.text, { buttons, format });
    switch (action.action) {
      case "log":
        return log(session, firing);
      case "end_session":
        return end(session, firing);
      case "send_message":
        return message ? sendMessage({ session, firing, key, message }) : malformed(action);
      case "set_participant_data":
        return setData(action, session);
      case "handoff":
        return handOff(action, session, key);
      case "summarize":
        return summarize(session);
      case "schedule_message":
        return message ? schedule(action, session, key, message) : malformed(action);
      case "webhook":
        return callWebhook(deps.effects.post, action, { session, firing, place });
      case "start_agent":
        return handOver(action, session);
      default:
        return malformed(action);
    }
  };

  /**
   * Returns true while the bot writes a message that the action would overtake. Earlier actions of the rule come first.
   * Another agent or a person in the bot's place would also cut off what another rule asked for. A text, and the end of a
   * session, wait further below.
   */
  async function isTooSoon(
    { action }: RunningAction,
    session: ActingSession,
    firing: Firing,
    place: number,
  ): Promise<boolean> {
    if (REPLACES_BOT.has(action)) return deps.repository.isAsked(session.id, null);
    return place > 0 && FOLLOWS.has(action) && deps.repository.isAsked(session.id, firing.id);
  }

  async function sendMessage(request: {
    session: ActingSession;
    firing: Firing;
    key: string;
    message: UnpromptedMessage;
  }): Promise<ActionOutcome> {
    const { session, firing, key, message } = request;
    if (session.isBegunByPerson && isGreeting(firing))
      return { kind: "done", result: { reason: "a person began this conversation, so nobody is greeted" } };
    const quiet = isTimeout(firing) ? await deps.effects.quietUntil(session) : null;
    if (quiet) {
      const reason = `quiet hours until ${quiet.toISOString()}`;
      return { kind: "wait", ms: Math.max(0, quiet.getTime() - Date.now()), reason };
    }
    // A text is sent at once, so it would overtake the message that an earlier action requested from the bot.
    if ("text" in message && (await deps.repository.isAsked(session.id, null))) return waitsForBot();
    const lost = await deps.effects.unreachable(session);
    if (lost !== null) return { kind: "unreachable", reason: lost };
    const said = await deps.effects.say({
      session,
      key,
      message,
      metadata: { event_id: firing.id },
      unlessUserWroteAfter: silenceSince(firing),
    });
    if (said === "overtaken") return overtaken();
    if (said === "handoff") return personAnswers();
    if (said === "session_gone") return { kind: "overtaken", reason: "the session was deleted" };
    return { kind: "done", result: { message_id: said.messageId, execution_id: said.executionId } };
  }

  async function end(session: ActingSession, firing: Firing): Promise<ActionOutcome> {
    const outcome = await deps.repository.end(session.id, silenceSince(firing));
    if (outcome === "overtaken") return overtaken();
    if (outcome === "busy") return waits("waits for an answer that is being written");
    deps.notify(session);
    return { kind: "done", result: outcome === "ended" ? {} : { reason: "it had ended before" } };
  }

  async function handOff(action: RunningAction, session: ActingSession, key: string): Promise<ActionOutcome> {
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

  async function handOver(action: RunningAction, session: ActingSession): Promise<ActionOutcome> {
    const { agent } = action;
    if (typeof agent !== "string") return malformed(action);
    const outcome = await deps.repository.handOver(session.id, agent);
    if (outcome === "handed_over") return { kind: "done", result: { agent } };
    if (outcome === "ended_before") return { kind: "overtaken", reason: "the session has ended" };
    return { kind: "failed", reason: `there is no agent ${agent}` };
  }

  function log({ id, channel }: ActingSession, firing: Firing): ActionOutcome {
    const fields = { event_id: firing.id, event: firing.event, session_id: id, channel };
    deps.log.info(fields, "event");
    return { kind: "done" };
  }

  async function setData(action: RunningAction, session: ActingSession): Promise<ActionOutcome> {
    const { data } = action;
    if (!isJsonObject(data)) return malformed(action);
    if (!session.user) return NO_USER;
    const { id: sessionId, agentId } = session;
    await deps.repository.mergeData({ userId: session.user.id, sessionId, agentId }, data);
    return { kind: "done" };
  }

  async function summarize(session: ActingSession): Promise<ActionOutcome> {
    return (await deps.effects.summarize(session)) === "summarized"
      ? { kind: "done" }
      : { kind: "failed", reason: "the agent's bot cannot summarize" };
  }

  async function schedule(
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
}

const NO_USER: ActionOutcome = { kind: "failed", reason: "the session has no user" };
