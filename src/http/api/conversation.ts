import { RequestError } from "../../core/errors.ts";
import type { ChannelRef } from "../../core/runtime.ts";
import { storableText } from "../../core/text.ts";
import type { TurnEvent } from "../../core/turn-log.ts";
import { wait } from "../../core/wait.ts";
import type { Ingest } from "../../ingest/accept-inbound.ts";
import type {
  InboundMessageRow,
  MessageQueries,
  MessageView,
} from "../../sessions/message-queries-repository.ts";
import type { SessionQueries, SessionView } from "../../sessions/session-queries-repository.ts";
import type { SessionWrites } from "../../sessions/session-writes-repository.ts";
import type { ExecutionQueries, ExecutionView } from "../../turns/execution-queries-repository.ts";
import type { TurnStreams } from "../../turns/turn-streams.ts";
import { type RateLimit, requireRate } from "../rate-limit.ts";
import { type AttachmentDesk, attachmentAlreadySent, uploadsOf } from "../uploads.ts";
import { requireSession, sessionNotFound } from "./require-session.ts";

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
  desk: Pick<AttachmentDesk, "find">;
  /** How many messages one user may send, whichever key or connection they come by. */
  userRate: RateLimit;
}

/** What became of a message: a turn that answers it, or, for `/reset`, a new session and what it says. */
export type Sent =
  | { kind: "turn"; sessionId: string; executionId: string; userMessageId: string }
  | { kind: "reset"; sessionId: string; notice: MessageView | null };

/** How a turn ended. */
export type Answer =
  | { kind: "answered"; execution: ExecutionView; replies: MessageView[] }
  | { kind: "failed" | "cancelled"; execution: ExecutionView }
  /** The agent's budget was used up; the bot was not asked. */
  | { kind: "refused"; execution: ExecutionView; retryAfterSeconds: number }
  | { kind: "deleted" };

/** What a user says; with the payload of the button that was pressed to say it. */
export interface NewMessage {
  content: string;
  payload?: string | undefined;
  /** Files that were uploaded into the session. */
  attachmentIds?: readonly string[] | undefined;
  key: string;
}

export interface Conversation {
  /** The caller's session; throws 404 `session_not_found`. */
  session(workspaceId: string, id: string): Promise<SessionView>;
  /**
   * Stores a message; resolves once it is committed. The same key for the same session is the same message, however
   * often it is sent; another message with a used key is a 409 `idempotency_key_reused`. A completed session's message
   * goes to the session that follows it. Throws 422
   * `button_not_offered` for a payload that no button of the session has, 404 `attachment_not_found` and 409
   * `attachment_already_sent` for files.
   */
  send(session: SessionView, message: NewMessage): Promise<Sent>;
  /** A turn's events behind `afterId`, with exactly one terminal event at the end unless the signal aborts. */
  events(executionId: string, afterId: number, signal: AbortSignal): AsyncGenerator<TurnEvent>;
  /** Waits for the end of a turn. */
  answer(workspaceId: string, executionId: string): Promise<Answer>;
}

const USER_RATE_EXCEEDED = "This user sends too many messages. Try again later.";
/** A completed session may be followed by one that is completed as well before the message gets there. */
const SUCCESSOR_TRIES = 5;
/** How long `/reset` may wait behind the turns before it, milliseconds, and how often it looks. */
const RESET_WAIT_MS = 120_000;
const RESET_LOOK_MS = 50;

/** Conversations as API callers have them: the same ingest, turn and delivery path as any channel. */
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
    const uploads = await uploadsOf(deps.desk, into.id, message.attachmentIds ?? [], sentBefore);
    let sessionId = into.id;
    for (let tries = 0; tries < SUCCESSOR_TRIES; tries++) {
      const { row, outcome } = await deps.acceptMessage(channelOf(into), {
        sessionId,
        content,
        eventKey,
        ...(payload === undefined ? {} : { payload }),
        ...(uploads && { uploads }),
      });
      if (outcome.kind === "accepted") {
        const { sessionId: stored } = outcome;
        return sent(into, {
          id: row.messageId,
          sessionId: stored,
          origin: row.origin,
          content: row.content,
          executionId: row.executionId,
        });
      }
      // A completed session stores nothing, and so cannot tell that it has the message already.
      const known = await sentBefore();
      if (known !== null) return repeated(into, known, content);
      if (outcome.kind === "upload_taken") throw attachmentAlreadySent();
      const next = await deps.writes.successor(sessionId);
      if (next === null) throw sessionNotFound(into.id);
      sessionId = next;
    }
    throw new RequestError(
      409,
      "session_completed",
      "The session keeps being completed. Send the message again.",
    );
  }

  /** The agent of an API session need not be the channel's own. */
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
    const opened = await resetInto(into.workspaceId, sessionId);
    return { kind: "reset", sessionId: opened, notice: await deps.messages.openingNotice(opened) };
  }

  /** `/reset` waits its turn like any message; the session that follows is its answer. */
  async function resetInto(workspaceId: string, sessionId: string): Promise<string> {
    for (let waited = 0; waited < RESET_WAIT_MS; waited += RESET_LOOK_MS) {
      const { nextId } = await session(workspaceId, sessionId);
      if (nextId !== null) return nextId;
      await wait(RESET_LOOK_MS);
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
    // Whoever resumes behind the end has had everything.
    if (ending?.kept) return;
    // Ended from outside, by a cancel, the end of the session or its deletion: nobody wrote the last event.
    const data = ending
      ? { message: ending.reason ?? "cancelled", code: ending.code ?? "cancelled" }
      : { message: "The session was deleted.", code: "session_deleted" };
    yield { id: last + 1, type: "error", data };
  }

  async function answer(workspaceId: string, executionId: string): Promise<Answer> {
    // Whoever asked may leave: the answer is kept for the repetition of the request.
    for await (const _ of deps.follow(executionId, 0, new AbortController().signal));
    const own = await deps.executions.find(workspaceId, executionId);
    const execution = own?.mergedInto ? await deps.executions.find(workspaceId, own.mergedInto) : own;
    if (!execution) return { kind: "deleted" };
    if (execution.errorCode === "budget_exceeded") {
      const log = await deps.executions.log(execution.id);
      const { retry_after: seconds } = log?.at(-1)?.data ?? {};
      return { kind: "refused", execution, retryAfterSeconds: typeof seconds === "number" ? seconds : 1 };
    }
    if (execution.status !== "completed") {
      return { kind: execution.status === "failed" ? "failed" : "cancelled", execution };
    }
    return { kind: "answered", execution, replies: await deps.messages.repliesOf(execution.id) };
  }

  return { session, send, events, answer };
}

/** Taken for a repetition, the message would be lost. */
function keyReused(): RequestError {
  const message = "Another message was sent with this key. Every message needs a key of its own.";
  return new RequestError(409, "idempotency_key_reused", message);
}

/** A press of something that was never there: whoever reads payloads may rely on having offered them. */
function buttonNotOffered(): RequestError {
  const message = "No message of this session has a button with this label as `content` and this `payload`.";
  return new RequestError(422, "button_not_offered", `${message} Send the text alone, without a payload.`);
}
