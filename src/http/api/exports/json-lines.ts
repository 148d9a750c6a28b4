import type { ExportedSession } from "./exported-sessions.ts";

/** One line of JSON for each session: the session, `messages` and `cursor`. */
export async function* asJsonLines(sessions: AsyncIterable<ExportedSession>): AsyncGenerator<string> {
  for await (const { session, cursor, messages } of sessions) {
    // In pieces: a session may have more messages than fit into memory.
    yield `${JSON.stringify(session).slice(0, -1)},"messages":[`;
    let separator = "";
    for await (const message of messages) {
      yield separator + JSON.stringify(message);
      separator = ",";
    }
    yield `],"cursor":${JSON.stringify(cursor)}}\n`;
  }
}
