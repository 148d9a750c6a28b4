import { stableId } from "../core/ids.ts";
import { toUnprompted, type UnpromptedMessage } from "../core/message/unprompted-message.ts";
import type { Logger } from "../core/process/logger.ts";
import { isJsonObject, type JsonObject } from "../core/text/json.ts";
import type { ActingSession, ActionRepository } from "./action-repository.ts";
import type { ActionOutcome, RunningAction } from "./carry-out.ts";
import type { Firing } from "./firing-repository.ts";
import type { WebhookPost } from "./post-webhook.ts";

export interface ActionDeps {
  repository: ActionRepository;
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
  /** Notifies the followers of a changed session. */
  notify(session: ActingSession): void;
  log: Logger;
}

/** Delay before an action that waits for a running answer checks again, milliseconds. */
const POLL_AGAIN_MS = 200;

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
    const message = toUnprompted(action.prompt, action.text, {
      buttons: action.buttons,
      format: action.format,
    });
    switch (action.action) {
      case "log":
        deps.log.info(
          { event_id: firing.id, event: firing.event, session_id: session.id, channel: session.channel },
          "event",
        );
        return { kind: "done" };
      case "end_session":
        return end(session, firing);
      case "send_message":
        return message ? sendMessage({ session, firing, key, message }) : malformed(action);
      case "set_participant_data": {
        const { data } = action;
        if (!isJsonObject(data)) return malformed(action);
        if (!session.user) return { kind: "failed", reason: "the session has no user" };
        await deps.repository.mergeData(
          { userId: session.user.id, sessionId: session.id, agentId: session.agentId },
          data,
        );
        return { kind: "done" };
      }
      case "handoff":
        return handOff(action, session, key);
      case "summarize":
        return (await deps.summarize(session)) === "summarized"
          ? { kind: "done" }
          : { kind: "failed", reason: "the agent's bot cannot summarize" };
      case "schedule_message": {
        const { afterMs } = action;
        if (!message || typeof afterMs !== "number") return malformed(action);
        if (!session.user) return { kind: "failed", reason: "the session has no user" };
        const id = stableId(key);
        const dueAt = await deps.schedule({ id, session, afterMs, message });
        return { kind: "done", result: { schedule_id: id, due_at: dueAt.toISOString() } };
      }
      case "webhook":
        return callWebhook(action, session, firing, place);
      case "start_agent": {
        const { agent } = action;
        if (typeof agent !== "string") return malformed(action);
        return handOver(session, agent);
      }
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
    const quiet = isTimeout(firing) ? await deps.quietUntil(session) : null;
    if (quiet) {
      const reason = `quiet hours until ${quiet.toISOString()}`;
      return { kind: "wait", ms: Math.max(0, quiet.getTime() - Date.now()), reason };
    }
    // A text is sent at once, so it would overtake the message that an earlier action requested from the bot.
    if ("text" in message && (await deps.repository.isAsked(session.id, null))) return waitsForBot();
    const lost = await deps.unreachable(session);
    if (lost !== null) return { kind: "unreachable", reason: lost };
    const said = await deps.say({
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
    if (outcome === "busy") {
      return { kind: "wait", ms: POLL_AGAIN_MS, reason: "waits for an answer that is being written" };
    }
    deps.notify(session);
    return { kind: "done", result: outcome === "ended" ? {} : { reason: "it had ended before" } };
  }

  async function handOff(action: RunningAction, session: ActingSession, key: string): Promise<ActionOutcome> {
    const reason = typeof action.reason === "string" ? action.reason : null;
    const desk = typeof action.desk === "string" ? action.desk : undefined;
    const id = stableId(key);
    const outcome = await deps.handOff({ id, session, reason, desk });
    if (outcome === "session_ended") return { kind: "overtaken", reason: "the session has ended" };
    return {
      kind: "done",
      result: outcome === "handed_off" ? { handoff_id: id } : { reason: "it was open" },
    };
  }

  async function handOver(session: ActingSession, agent: string): Promise<ActionOutcome> {
    const outcome = await deps.repository.handOver(session.id, agent);
    if (outcome === "handed_over") return { kind: "done", result: { agent } };
    if (outcome === "ended_before") return { kind: "overtaken", reason: "the session has ended" };
    return { kind: "failed", reason: `there is no agent ${agent}` };
  }

  async function callWebhook(
    action: RunningAction,
    session: ActingSession,
    firing: Firing,
    place: number,
  ): Promise<ActionOutcome> {
    const { url, secret, allowPrivateAddresses } = action;
    if (typeof url !== "string") return malformed(action);
    const status = await deps.post({
      url,
      secret: typeof secret === "string" ? secret : null,
      allowPrivateAddresses: allowPrivateAddresses !== false,
      deliveryId: `${firing.id}-${place}`,
      event: firing.event,
      body: {
        id: firing.id,
        event: firing.event,
        created_at: firing.createdAt.toISOString(),
        data: firing.data,
        session: {
          id: session.id,
          channel: session.channel,
          status: session.status,
          end_reason: session.endReason,
          metadata: session.metadata,
        },
        user: session.user ? { ...session.user } : null,
        participant_data: session.participantData,
      },
    });
    return { kind: "done", result: { status } };
  }
}

/**
 * For a timeout: the seq of the user message after which the silence began. A later user message cancels the firing. A
 * timeout that counts from the first message measures no silence, so it is never cancelled.
 */
function silenceSince(firing: Firing): number | null {
  const { seq, from } = firing.data;
  return isTimeout(firing) && from !== "first_message" && typeof seq === "number" ? seq : null;
}

/** True for a rule that greets at the begin of a session. */
function isGreeting({ event }: Firing): boolean {
  return event === "session_started" || event === "user_joined";
}

function isTimeout({ event }: Firing): boolean {
  return event === "timeout" || event === "last_timeout";
}

function waitsForBot(): ActionOutcome {
  const reason = "waits for a message that an earlier action asked for";
  return { kind: "wait", ms: POLL_AGAIN_MS, reason };
}

function overtaken(): ActionOutcome {
  return { kind: "overtaken", reason: "the user has written since" };
}

/** The user's silence means nothing while a person answers, and the bot has nothing to say then. */
function personAnswers(): ActionOutcome {
  return { kind: "overtaken", reason: "a person answers this conversation" };
}

function malformed(action: RunningAction): ActionOutcome {
  return { kind: "failed", reason: `the action ${action.action} cannot be read` };
}
