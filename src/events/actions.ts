import { toUnprompted } from "../core/message/unprompted-message.ts";
import type { ActionDeps } from "./action-deps.ts";
import { malformed, personAnswers, waitsForBot } from "./action-outcomes.ts";
import type { ActingSession } from "./action-repository.ts";
import { callWebhook } from "./call-webhook.ts";
import type { ActionOutcome, RunningAction } from "./carry-out.ts";
import { isTimeout } from "./firing-kinds.ts";
import type { Firing } from "./firing-repository.ts";
import { sendMessage } from "./send-message-action.ts";
import {
  endSession,
  handOff,
  handOver,
  logEvent,
  scheduleMessage,
  setData,
  summarize,
} from "./session-actions.ts";

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
    if (await isTooSoon(deps, action, session, firing, place)) return waitsForBot();
    const key = `event:${firing.id}:${place}`;
    const { buttons, format } = action;
    const message = toUnprompted(action.prompt, action.text, { buttons, format });
    switch (action.action) {
      case "log":
        return logEvent(deps, session, firing);
      case "end_session":
        return endSession(deps, session, firing);
      case "send_message":
        return message ? sendMessage(deps, { session, firing, key, message }) : malformed(action);
      case "set_participant_data":
        return setData(deps, action, session);
      case "handoff":
        return handOff(deps, action, session, key);
      case "summarize":
        return summarize(deps, session);
      case "schedule_message":
        return message ? scheduleMessage(deps, action, session, key, message) : malformed(action);
      case "webhook":
        return callWebhook(deps.effects.post, action, { session, firing, place });
      case "start_agent":
        return handOver(deps, action, session);
      default:
        return malformed(action);
    }
  };
}

/**
 * Returns true while the bot writes a message that the action would overtake. Earlier actions of the rule come first.
 * Another agent or a person in the bot's place would also cut off what another rule asked for. A text, and the end of a
 * session, wait further below.
 */
async function isTooSoon(
  { repository }: ActionDeps,
  { action }: RunningAction,
  session: ActingSession,
  firing: Firing,
  place: number,
): Promise<boolean> {
  if (REPLACES_BOT.has(action)) return repository.isAsked(session.id, null);
  return place > 0 && FOLLOWS.has(action) && repository.isAsked(session.id, firing.id);
}
