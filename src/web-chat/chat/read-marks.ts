import type { ApiClient } from "./api-client.ts";
import { listed, unreadOf } from "./session-list.ts";
import type { ShownState } from "./shown-state.ts";
import { newestAnswer } from "./transcript.ts";
import type { WireSession } from "./wire.ts";

export type ReadMarks = ReturnType<typeof createReadMarks>;

/** The list of a visitor's sessions, and the messages in them that the visitor has seen. */
export function createReadMarks({ api, shown }: { api: Pick<ApiClient, "markRead">; shown: ShownState }) {
  const seen = new Map<string, number>();

  function showSessions(sessions: readonly WireSession[]): void {
    const list = listed(sessions, seen);
    shown.change({ sessions: list, unread: unreadOf(list) });
  }

  return {
    showSessions,
    /** One session has changed, or is new. */
    showSession(session: WireSession): void {
      showSessions([session, ...shown.now().sessions.filter(({ id }) => id !== session.id)]);
    },
    /** The visitor has seen all messages of the open session. */
    see(): void {
      const { sessionId, transcript, sessions } = shown.now();
      const seq = newestAnswer(transcript);
      if (sessionId === null || seq === 0 || seq <= (seen.get(sessionId) ?? 0)) return;
      const before = seen.get(sessionId);
      seen.set(sessionId, seq);
      showSessions(sessions);
      api.markRead(sessionId, seq).catch(() => {
        // It is marked again at the next check.
        if (seen.get(sessionId) === seq) seen.set(sessionId, before ?? 0);
      });
    },
    clear: () => seen.clear(),
  };
}
