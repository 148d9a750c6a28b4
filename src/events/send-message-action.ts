import type { UnpromptedMessage } from "../core/message/unprompted-message.ts";
import type { ActionDeps } from "./action-deps.ts";
import { overtaken, personAnswers, waitsForBot } from "./action-outcomes.ts";
import type { ActingSession } from "./action-repository.ts";
import type { ActionOutcome } from "./carry-out.ts";
import { isGreeting, isTimeout, silenceSince } from "./firing-kinds.ts";
import type { Firing } from "./firing-repository.ts";

/** A message of the bot, or a text, in the session of the event. */
export async function sendMessage(
  deps: ActionDeps,
  request: {
    session: ActingSession;
    firing: Firing;
    key: string;
    message: UnpromptedMessage;
  },
): Promise<ActionOutcome> {
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
