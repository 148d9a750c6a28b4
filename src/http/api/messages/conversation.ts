import { RequestError } from "../../../core/faults/errors.ts";
import { HANDOFF_CODE } from "../../../core/session/handoff-settings.ts";
import { RESET_CODE } from "../../../core/session/reset-code.ts";
import type { ChannelRef } from "../../../core/session/runtime.ts";
import type { TurnEvent } from "../../../core/session/turn-log.ts";
import { storableText } from "../../../core/text/text.ts";
import { wait } from "../../../core/time/wait.ts";
import type { Ingest } from "../../../ingest/accept-inbound.ts";
import { sendMessage } from "../../../ingest/send-message.ts";
import type {
  InboundMessageRow,
  MessageQueries,
  MessageView,
} from "../../../sessions/message-queries-repository.ts";
import type { OpenHandoff } from "../../../sessions/open-handoff.ts";
import type { SessionQueries, SessionView } from "../../../sessions/session-queries-repository.ts";
import type { SessionWrites } from "../../../sessions/session-writes-repository.ts";
import type {
  ExecutionQueries,
  ExecutionView,
} from "../../../turns/answering/execution-queries-repository.ts";
import type { TurnStreams } from "../../../turns/streams/turn-streams.ts";
import { attachmentAlreadySent, type UploadStore, uploadsOf } from "../../bodies/uploads.ts";
import { type RateLimit, requireRate } from "../../server/rate-limit.ts";
import { requireSession, sessionNotFound } from "../sessions/require-session.ts";

export interface ConversationDeps {
  sessions: SessionQueries;
  writes: Pick<SessionWrites, "successor">;
  messages: MessageQueries;
  executions: Pick<ExecutionQueries, "find" | "ending" | "log">;
  /** Null while the channel does not run (disabled, removed from the configuration). */
  channel(channelId: string): ChannelRef | null;
  acceptMessage: Ingest["acceptMessage"];
  messageOfEvent(channelId: string, eventKey: string): Promise<string | null>;
  follow: TurnStreams["follow"];
  uploads: Pick<UploadStore, "find">;
  /** The rate of messages of one user, over any key or connection. */
  userRate: RateLimit;
}

/**
 * The result of sending a message: a turn or a person that answers it. For `/reset` it is a new session with its
 * notice.
 */
export type Sent =
  | { kind: "turn"; sessionId: string; executionId: string; userMessageId: string }
  /** A person answers, so there is no turn. Null if the person has left since. */
  | { kind: "handoff"; sessionId: string; userMessageId: string; handoff: OpenHandoff | null }
  | { kind: "reset"; sessionId: string; notice: MessageView | null };

/** The end of a turn. */
export type Answer =
  | { kind: "answered"; execution: ExecutionView; replies: MessageView[] }
  | { kind: "failed" | "cancelled"; execution: ExecutionView }
  /** It was cancelled because a person answers. */
  | { kind: "handoff"; handoff: OpenHandoff | null }
  /** It was a spoken `/reset`. */
  | { kind: "reset"; sessionId: string; notice: MessageView | null }
  /** The agent's budget was used up, so the bot was not asked. */
  | { kind: "refused"; execution: ExecutionView; retryAfterSeconds: number }
  | { kind: "deleted" };

/** A user's message, with the payload of the button that was pressed for it. */
export interface NewMessage {
  content: string;
  payload?: string | undefined;
  /** Files that were uploaded into the session. */
  attachmentIds?: readonly string[] | undefined;
  key: string;
  /** The caller's trace, as it is stored. */
  traceparent?: string | null;
}

export interface Conversation {
  /** The caller's session. Throws 404 `session_not_found`. */
  session(workspaceId: string, id: string): Promise<SessionView>;
  /**
   * Stores a message. Resolves once it is committed. The same key in the same session is the same message, however
   * often it is sent. Another message with a used key is a 409 `idempotency_key_reused`. A message to a completed
   * session goes to the session that follows it. Throws 422 `button_not_offered` for a payload that no button of the
   * session has. Throws 404 `attachment_not_found` and 409 `attachment_already_sent` for files.
   */
  send(session: SessionView, message: NewMessage): Promise<Sent>;
  /** A turn's events after `afterId`, with exactly one terminal event at the end unless the signal aborts. */
  events(executionId: string, afterId: number, signal: AbortSignal): AsyncGenerator<TurnEvent>;
  /** Waits for the end of a turn. */
  answer(workspaceId: string, executionId: string): Promise<Answer>;
}

const USER_RATE_EXCEEDED = "This user sends too many messages. Try again later.";
/** Time limit for a `/reset` that waits for earlier turns, milliseconds, and the interval of its checks. */
const RESET_WAIT_MS = 120_000;
const RESET_POLL_MS = 50;

/** Conversations of API callers, on the same ingest, turn and delivery path as any channel. */
export function createConversation(deps: ConversationDeps): Conversation {
  const session: Conversation["session"] = (workspaceId, id) =>
    requireSession(deps.sessions, workspaceId, id);

  async function send(into: SessionView, message: NewMessage): Promise<Sent> {
    if (into.userId !== null) requireRate(deps.userRate, into.userId, USER_RATE_EXCEEDED);
    const { content, payload } = message;
    if (payload !== undefined && !(await deps.messages.wasOffered(into.id, { label: content, payload }))) {
      throw buttonNotOffered();
    }
    const eventKey = `api:${into.id}:${message.key}`;
    const sentBefore = () => deps.messageOfEvent(into.channelId, eventKey);
    const uploads = await uploadsOf(deps.uploads, into.id, message.attachmentIds ?? [], sentBefore);
    const outcome = await sendMessage(
      { accept: deps.acceptMessage, successor: deps.writes.successor, sentBefore },
      channelOf(into),
      {
        sessionId: into.id,
        content,
        eventKey,
        ...(payload === undefined ? {} : { payload }),
        ...(uploads && { uploads }),
        ...(message.traceparent && { traceparent: message.traceparent }),
      },
    );
    switch (outcome.kind) {
      case "stored": {
        const { row, outcome: stored } = outcome;
        const { sessionId, executionId } = stored;
        return sent(into, {
          id: row.messageId,
          sessionId,
          origin: row.origin,
          content: row.content,
          executionId,
        });
      }
      case "known":
        return repeated(into, outcome.message, content);
      case "upload_taken":
        throw attachmentAlreadySent();
      case "session_gone":
        throw sessionNotFound(into.id);
      case "not_stored":
        throw keepsEnding();
    }
  }

  /** The agent of an API session may differ from the channel's own. */
  function channelOf(into: SessionView): ChannelRef {
    const channel = deps.channel(into.channelId);
    if (channel) return { ...channel, agentId: into.agentId, agentVersion: into.agentVersion };
    throw new RequestError(409, "channel_not_running", `The channel ${into.channel} is not running.`, {
      details: { channel: into.channel },
    });
  }

  async function repeated(into: SessionView, messageId: string, content: string): Promise<Sent> {
    const message = await deps.messages.inbound(messageId);
    if (!message) throw sessionNotFound(into.id);
    if (message.content !== storableText(content)) throw keyReused();
    return sent(into, message);
  }

  async function sent(into: SessionView, message: InboundMessageRow): Promise<Sent> {
    const { id, sessionId, executionId } = message;
    if (executionId !== null) return { kind: "turn", sessionId, executionId, userMessageId: id };
    if (message.origin !== "command") {
      const { handoff } = await session(into.workspaceId, sessionId);
      return { kind: "handoff", sessionId, userMessageId: id, handoff };
    }
    return { kind: "reset", ...(await afterReset(into.workspaceId, sessionId)) };
  }

  async function afterReset(workspaceId: string, sessionId: string) {
    const opened = await resetInto(workspaceId, sessionId);
    return { sessionId: opened, notice: await deps.messages.openingNotice(opened) };
  }

  /** `/reset` waits for its turn like any message. The next session is its answer. */
  async function resetInto(workspaceId: string, sessionId: string): Promise<string> {
    for (let waited = 0; waited < RESET_WAIT_MS; waited += RESET_POLL_MS) {
      const { nextId } = await session(workspaceId, sessionId);
      if (nextId !== null) return nextId;
      await wait(RESET_POLL_MS);
    }
    throw new RequestError(
      504,
      "reset_timeout",
      "The session is still busy with what came before the reset.",
    );
  }

  async function* events(
    executionId: string,
    afterId: number,
    signal: AbortSignal,
  ): AsyncGenerator<TurnEvent> {
    let last = afterId;
    for await (const event of deps.follow(executionId, afterId, signal)) {
      yield event;
      if (event.type === "done" || event.type === "error") return;
      last = event.id;
    }
    if (signal.aborted) return;
    const ending = await deps.executions.ending(executionId);
    // A client that resumes after the end already has everything.
    if (ending?.kept) return;
    // Ended from outside by a cancel, or by the session's end or deletion, so nobody wrote the last event.
    const data = ending
      ? { message: ending.reason ?? "cancelled", code: ending.code ?? "cancelled" }
      : { message: "The session was deleted.", code: "session_deleted" };
    yield { id: last + 1, type: "error", data };
  }

  async function answer(workspaceId: string, executionId: string): Promise<Answer> {
    // The caller may leave: the answer is kept for a repeated request.
    for await (const _ of deps.follow(executionId, 0, new AbortController().signal));
    const own = await deps.executions.find(workspaceId, executionId);
    const execution = own?.mergedInto ? await deps.executions.find(workspaceId, own.mergedInto) : own;
    if (!execution) return { kind: "deleted" };
    if (execution.errorCode === "budget_exceeded") {
      const log = await deps.executions.log(execution.id);
      const { retry_after: seconds } = log?.at(-1)?.data ?? {};
      return { kind: "refused", execution, retryAfterSeconds: typeof seconds === "number" ? seconds : 1 };
    }
    if (execution.errorCode === HANDOFF_CODE) {
      const { handoff } = await session(workspaceId, execution.sessionId);
      return { kind: "handoff", handoff };
    }
    if (execution.errorCode === RESET_CODE) {
      return { kind: "reset", ...(await afterReset(workspaceId, execution.sessionId)) };
    }
    if (execution.status !== "completed") {
      return { kind: execution.status === "failed" ? "failed" : "cancelled", execution };
    }
    return { kind: "answered", execution, replies: await deps.messages.repliesOf(execution.id) };
  }

  return { session, send, events, answer };
}

function keepsEnding(): RequestError {
  const message = "The session keeps being completed. Send the message again.";
  return new RequestError(409, "session_completed", message);
}

/** As a repetition, the message would be lost. */
function keyReused(): RequestError {
  const message = "Another message was sent with this key. Every message needs a key of its own.";
  return new RequestError(409, "idempotency_key_reused", message);
}

/** The press of a button that never existed. Code that reads payloads may rely on having offered them. */
function buttonNotOffered(): RequestError {
  const message = "No message of this session has a button with this label as `content` and this `payload`.";
  return new RequestError(422, "button_not_offered", `${message} Send the text alone, without a payload.`);
}
