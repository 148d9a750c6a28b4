import { RequestError } from "../../../core/faults/errors.ts";
import { wait } from "../../../core/time/wait.ts";
import type { MessageView } from "../../../sessions/message-queries-repository.ts";
import type { SessionQueries } from "../../../sessions/session-queries-repository.ts";
import { requireSession } from "../sessions/require-session.ts";
import type { ConversationDeps } from "./conversation-deps.ts";

/** Time limit for a `/reset` that waits for earlier turns, milliseconds, and the interval of its checks. */
const RESET_WAIT_MS = 120_000;

const RESET_POLL_MS = 50;

type ResetStores = Pick<ConversationDeps["stores"], "sessions" | "messages">;

/** The session that `/reset` opened, once it is open, and the notice at its beginning. */
export async function afterReset(
  stores: ResetStores,
  workspaceId: string,
  sessionId: string,
): Promise<{ sessionId: string; notice: MessageView | null }> {
  const opened = await nextSession(stores.sessions, workspaceId, sessionId);
  return { sessionId: opened, notice: await stores.messages.openingNotice(opened) };
}

/** `/reset` waits for its turn like any message. The next session is its answer. */
async function nextSession(
  sessions: SessionQueries,
  workspaceId: string,
  sessionId: string,
): Promise<string> {
  for (let waited = 0; waited < RESET_WAIT_MS; waited += RESET_POLL_MS) {
    const { nextId } = await requireSession(sessions, workspaceId, sessionId);
    if (nextId !== null) return nextId;
    await wait(RESET_POLL_MS);
  }
  throw new RequestError(
    504,
    "reset_timeout",
    "The session is still busy with messages from before the reset.",
  );
}
