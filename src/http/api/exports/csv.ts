import { csvLine } from "../../../core/text/csv.ts";
import type { ExportedSession } from "./exported-sessions.ts";

const COLUMNS = [
  "session_id",
  "session_created_at",
  "session_status",
  "channel",
  "agent_id",
  "agent_version",
  "user_identifier",
  "user_name",
  "participant_data",
  "metadata",
  "message_id",
  "seq",
  "role",
  "origin",
  "content",
  "created_at",
  "feedback",
  "cursor",
];

/**
 * One line for each message; one for a session without any. Only the last line of a session has its cursor, because an
 * export goes on behind a whole session.
 */
export async function* asCsv(sessions: AsyncIterable<ExportedSession>): AsyncGenerator<string> {
  yield csvLine(COLUMNS);
  for await (const { session, cursor, messages } of sessions) {
    const own = [
      session.id,
      session.created_at,
      session.status,
      session.channel,
      session.agent_id,
      String(session.agent_version),
      session.user?.identifier ?? "",
      session.user?.name ?? "",
      JSON.stringify(session.participant_data),
      JSON.stringify(session.metadata),
    ];
    let before: string[] | null = null;
    for await (const { id, seq, role, origin, content, created_at, feedback } of messages) {
      if (before) yield csvLine([...own, ...before, ""]);
      before = [id, String(seq), role, origin, content, created_at, ratingsIn(feedback)];
    }
    yield csvLine([...own, ...(before ?? ["", "", "", "", "", "", ""]), cursor]);
  }
}

/** Most messages have no ratings, and an empty cell can be filtered. */
function ratingsIn(feedback: readonly object[]): string {
  return feedback.length === 0 ? "" : JSON.stringify(feedback);
}
