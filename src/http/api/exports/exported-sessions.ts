import type { Keyset } from "../../../core/page.ts";
import type { MessageQueries } from "../../../sessions/message-queries-repository.ts";
import type { SessionFilters } from "../../../sessions/session-filters.ts";
import type { SessionQueries } from "../../../sessions/session-queries-repository.ts";
import { toMessage } from "../messages/message-resource.ts";
import { writeCursor } from "../route/paging.ts";
import { toSessionRow } from "../sessions/session-resource.ts";

/**
 * Sessions that are read at once, and messages of a session that are read at once. They bound the memory of an export.
 */
const SESSIONS = 50;
const MESSAGES = 500;
/** Everything that is stored of a conversation. */
const ORIGINS = ["user", "bot", "operator", "command", "instruction", "notice", "tool"];

/** The order of an export. New sessions come at its end. */
export const EXPORT_ORDER = "created_at";

export interface ExportedSession {
  session: ReturnType<typeof toSessionRow>;
  /** The export goes on behind this session. */
  cursor: string;
  /** Its messages in order of seq. Read them before the next session. */
  messages: AsyncIterable<ReturnType<typeof toMessage>>;
}

/** The sessions that match, the oldest first. */
export async function* exportedSessions(
  deps: { sessions: Pick<SessionQueries, "next">; messages: Pick<MessageQueries, "list"> },
  wanted: {
    workspaceId: string;
    filters: SessionFilters;
    after: Keyset | null;
    /** A record as the caller may see it. */
    shown<T>(record: T): T;
  },
): AsyncGenerator<ExportedSession, void> {
  for (let { after } = wanted; ; ) {
    const found = await deps.sessions.next(wanted.workspaceId, wanted.filters, after, SESSIONS);
    for (const view of found.slice(0, SESSIONS)) {
      after = { at: view.createdAt, id: view.id };
      yield {
        session: wanted.shown(toSessionRow(view)),
        cursor: writeCursor(after, EXPORT_ORDER),
        messages: messagesOf(deps.messages, view.id, wanted.shown),
      };
    }
    if (found.length <= SESSIONS) return;
  }
}

async function* messagesOf(
  messages: Pick<MessageQueries, "list">,
  sessionId: string,
  shown: <T>(record: T) => T,
) {
  for (let seq = 0; ; ) {
    const found = await messages.list(
      sessionId,
      { origins: ORIGINS },
      { kind: "after", seq, limit: MESSAGES },
    );
    for (const message of found) {
      seq = message.seq;
      yield shown(toMessage(message));
    }
    if (found.length < MESSAGES) return;
  }
}
