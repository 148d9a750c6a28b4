import { RequestError } from "../../../core/faults/errors.ts";
import { HANDOFF_CODE } from "../../../core/session/handoff-settings.ts";
import { RESET_CODE } from "../../../core/session/reset-code.ts";
import type { ChannelRef } from "../../../core/session/runtime.ts";
import type { TurnEvent } from "../../../core/session/turn-log.ts";
import { storableText } from "../../../core/text/text.ts";
import { wait } from "../../../core/time/wait.ts";
import type { Ingest } from "../../../ingest/accept-inbound.ts";
import { sendMessage } from "../../../ingest/send-message.ts";
import type { InboundMessageRow, MessageQueries } from "../../../sessions/message-queries-repository.ts";
import type { SessionQueries } from "../../../sessions/session-queries-repository.ts";
import type { SessionView } from "../../../sessions/session-view.ts";
import type { SessionWrites } from "../../../sessions/session-writes-repository.ts";
import type { ExecutionQueries } from "../../../turns/answering/execution-queries-repository.ts";
import type { TurnStreams } from "../../../turns/streams/turn-streams.ts";
import { attachmentAlreadySent, type UploadStore, uploadsOf } from "../../bodies/uploads.ts";
import { type RateLimit, requireRate } from "../../server/rate-limit.ts";
import { requireSession, sessionNotFound } from "../sessions/require-session.ts";
import type { Answer, Conversation, NewMessage, Sent } from "./conversation.ts";
import { buttonNotOffered, keepsEnding, keyReused } from "./conversation-errors.ts";

export interface ConversationDeps {
  stores: {
    sessions: SessionQueries;
    writes: Pick<SessionWrites, "successor">;
    messages: MessageQueries;
    executions: Pick<ExecutionQueries, "find" | "ending" | "log">;
  };
  /** Null while the channel does not run (disabled, removed from the configuration). */
  channel(channelId: string): ChannelRef | null;
  ingest: {
    acceptMessage: Ingest["acceptMessage"];
    messageOfEvent(channelId: string, eventKey: string): Promise<string | null>;
  };
  follow: TurnStreams["follow"];
  uploads: Pick<UploadStore, "find">;
  /** The rate of messages of one user, over any key or connection. */
  userRate: RateLimit;
}

const USER_RATE_EXCEEDED = "This user sends too many messages. Try again later.";

/** Time limit for a `/reset` that waits for earlier turns, milliseconds, and the interval of its checks. */
const RESET_WAIT_MS = 120_000;

const RESET_POLL_MS = 50;

/** Conversations of API callers, on the same ingest, turn and delivery path as any channel. */
export function createConversation(deps: ConversationDeps): Conversation {
  const { sessions, writes, messages, executions } = deps.stores;
  const session: Conversation["session"] = (workspaceId, id) => requireSession(sessions, workspaceId, id);

  async function send(into: SessionView, message: NewMessage): Promise<Sent> {
    if (into.userId !== null) requireRate(deps.userRate, into.userId, USER_RATE_EXCEEDED);
    const { content, payload } = message;
    if (payload !== undefined && !(await messages.wasOffered(into.id, { label: content, payload }))) {
      throw buttonNotOffered();
    }
    const eventKey = `api:${into.id}:${message.key}`;
    const sentBefore = () => deps.ingest.messageOfEvent(into.channelId, eventKey);
    const uploads = await uploadsOf(deps.uploads, into.id, message.attachmentIds ?? [], sentBefore);
    const outcome = await sendMessage(
      { accept: deps.ingest.acceptMessage, successor: writes.successor, sentBefore },
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
    const message = await messages.inbound(messageId);
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
    return { sessionId: opened, notice: await messages.openingNotice(opened) };
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
      "The session is still busy with messages from before the reset.",
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
    const ending = await executions.ending(executionId);
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
    const own = await executions.find(workspaceId, executionId);
    const execution = own?.mergedInto ? await executions.find(workspaceId, own.mergedInto) : own;
    if (!execution) return { kind: "deleted" };
    if (execution.errorCode === "budget_exceeded") {
      const log = await executions.log(execution.id);
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
    return { kind: "answered", execution, replies: await messages.repliesOf(execution.id) };
  }

  return { session, send, events, answer };
}
