import { HANDOFF_CODE } from "../../../core/session/handoff-settings.ts";
import { RESET_CODE } from "../../../core/session/reset-code.ts";
import type { TurnEvent } from "../../../core/session/turn-log.ts";
import { requireSession } from "../sessions/require-session.ts";
import { afterReset } from "./after-reset.ts";
import type { Answer } from "./conversation.ts";
import type { ConversationDeps } from "./conversation-deps.ts";

/** A turn's events, see `Conversation.events`. */
export async function* turnEvents(
  deps: ConversationDeps,
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
  const ending = await deps.stores.executions.ending(executionId);
  // A client that resumes after the end already has everything.
  if (ending?.kept) return;
  // Ended from outside by a cancel, or by the session's end or deletion, so nobody wrote the last event.
  const data = ending
    ? { message: ending.reason ?? "cancelled", code: ending.code ?? "cancelled" }
    : { message: "The session was deleted.", code: "session_deleted" };
  yield { id: last + 1, type: "error", data };
}

/** Waits for the end of a turn. */
export async function turnAnswer(
  deps: ConversationDeps,
  workspaceId: string,
  executionId: string,
): Promise<Answer> {
  const { sessions, messages, executions } = deps.stores;
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
    const { handoff } = await requireSession(sessions, workspaceId, execution.sessionId);
    return { kind: "handoff", handoff };
  }
  if (execution.errorCode === RESET_CODE) {
    return { kind: "reset", ...(await afterReset(deps.stores, workspaceId, execution.sessionId)) };
  }
  if (execution.status !== "completed") {
    return { kind: execution.status === "failed" ? "failed" : "cancelled", execution };
  }
  return { kind: "answered", execution, replies: await messages.repliesOf(execution.id) };
}
