import { stableId } from "../core/ids.ts";
import { isJsonObject, type JsonObject } from "../core/json.ts";
import type { Logger } from "../core/logger.ts";
import { type Saying, toSaying } from "../core/saying.ts";
import type { ActingSession, ActionRepository } from "./action-repository.ts";
import type { ActionOutcome, RunningAction } from "./carry-out.ts";
import type { Firing } from "./firing-repository.ts";
import type { WebhookPost } from "./post-webhook.ts";

export interface ActionDeps {
  repository: ActionRepository;
  /** Says something in the session, through its own agent and its own channel. */
  say(request: {
    session: ActingSession;
    key: string;
    saying: Saying;
    metadata: JsonObject;
    unlessUserWroteAfter: number | null;
  }): Promise<"overtaken" | "session_gone" | { messageId: string; executionId: string | null }>;
  /** Brings the session's summary up to date with everything said. */
  summarize(session: ActingSession): Promise<"summarized" | "unsupported">;
  /** Puts down a message for later, once per id. Returns when it is due. */
  schedule(request: { id: string; session: ActingSession; afterMs: number; saying: Saying }): Promise<Date>;
  post(webhook: WebhookPost): Promise<number>;
  /** Why nothing said to the session's user would arrive; null: it would, as far as is known. */
  unreachable(session: ActingSession): Promise<string | null>;
  /** When the user may be written to unasked again; null: now. */
  quietUntil(session: ActingSession): Promise<Date | null>;
  /** A session changed: tells whoever watches it. */
  notify(session: ActingSession): void;
  log: Logger;
}

/** How soon an end that waits for a running answer looks again, milliseconds. */
const LOOK_AGAIN_MS = 200;

/** What each action of a rule does. Every one of them is safe to repeat. */
export function createActions(deps: ActionDeps) {
  return async function act(action: RunningAction, firing: Firing, place: number): Promise<ActionOutcome> {
    const session = await deps.repository.session(firing.sessionId);
    if (!session) return { kind: "overtaken", reason: "the session was deleted" };
    const key = `event:${firing.id}:${place}`;
    const saying = toSaying(action.prompt, action.text, action.buttons);
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
        return saying ? sendMessage({ session, firing, key, saying }) : malformed(action);
      case "set_participant_data": {
        const { data } = action;
        if (!isJsonObject(data)) return malformed(action);
        if (!session.user) return { kind: "failed", reason: "the session has no user" };
        await deps.repository.mergeData(session.user.id, session.agentId, data);
        return { kind: "done" };
      }
      case "summarize":
        return (await deps.summarize(session)) === "summarized"
          ? { kind: "done" }
          : { kind: "failed", reason: "the agent's bot cannot summarize" };
      case "schedule_message": {
        const { afterMs } = action;
        if (!saying || typeof afterMs !== "number") return malformed(action);
        if (!session.user) return { kind: "failed", reason: "the session has no user" };
        const id = stableId(key);
        const dueAt = await deps.schedule({ id, session, afterMs, saying });
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

  async function sendMessage(request: {
    session: ActingSession;
    firing: Firing;
    key: string;
    saying: Saying;
  }): Promise<ActionOutcome> {
    const { session, firing, key, saying } = request;
    const quiet = isTimeout(firing) ? await deps.quietUntil(session) : null;
    if (quiet) {
      const reason = `quiet hours until ${quiet.toISOString()}`;
      return { kind: "wait", ms: Math.max(0, quiet.getTime() - Date.now()), reason };
    }
    const lost = await deps.unreachable(session);
    if (lost !== null) return { kind: "unreachable", reason: lost };
    const said = await deps.say({
      session,
      key,
      saying,
      metadata: { event_id: firing.id },
      unlessUserWroteAfter: silenceSince(firing),
    });
    if (said === "overtaken") return overtaken();
    if (said === "session_gone") return { kind: "overtaken", reason: "the session was deleted" };
    return { kind: "done", result: { message_id: said.messageId, execution_id: said.executionId } };
  }

  async function end(session: ActingSession, firing: Firing): Promise<ActionOutcome> {
    const outcome = await deps.repository.end(session.id, silenceSince(firing));
    if (outcome === "overtaken") return overtaken();
    if (outcome === "busy") {
      return { kind: "wait", ms: LOOK_AGAIN_MS, reason: "waits for an answer that is being written" };
    }
    deps.notify(session);
    return { kind: "done", result: outcome === "ended" ? {} : { reason: "it had ended before" } };
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
 * Of a timeout: the user message whose silence fired it. A message behind it takes the firing back. One that counts
 * from the first message measures no silence, and is never taken back.
 */
function silenceSince(firing: Firing): number | null {
  const { seq, from } = firing.data;
  return isTimeout(firing) && from !== "first_message" && typeof seq === "number" ? seq : null;
}

function isTimeout({ event }: Firing): boolean {
  return event === "timeout" || event === "last_timeout";
}

function overtaken(): ActionOutcome {
  return { kind: "overtaken", reason: "the user has written since" };
}

function malformed(action: RunningAction): ActionOutcome {
  return { kind: "failed", reason: `the action ${action.action} cannot be read` };
}
