import { z } from "zod";
import type { SessionAgents } from "../../../agents/session-agent-repository.ts";
import type { MessageQueries } from "../../../sessions/message-queries-repository.ts";
import type { SessionQueries } from "../../../sessions/session-queries-repository.ts";
import { shownTo } from "../route/contacts.ts";
import { readCursor } from "../route/paging.ts";
import { defineRoute, type Route } from "../route/route.ts";
import { sessionFilterQuery, sessionFilters } from "../sessions/session-filters.ts";
import { asCsv } from "./csv.ts";
import { EXPORT_ORDER, exportedSessions } from "./exported-sessions.ts";
import { asJsonLines } from "./json-lines.ts";
import { writeChunks } from "./write-chunks.ts";

export interface ExportRoutesDeps {
  sessions: Pick<SessionQueries, "next">;
  messages: Pick<MessageQueries, "list">;
  agents: Pick<SessionAgents, "find">;
}

const FORMATS = {
  jsonl: { write: asJsonLines, contentType: "application/x-ndjson; charset=utf-8" },
  csv: { write: asCsv, contentType: "text/csv; charset=utf-8" },
} as const;

/** `GET /exports/sessions`: all sessions that match, with everything that was said in them. */
export function exportRoutes(deps: ExportRoutesDeps): Route[] {
  return [
    defineRoute({
      method: "GET",
      path: "/exports/sessions",
      operationId: "exportSessions",
      summary: "Export sessions",
      description:
        "Streams every session that matches, the oldest first, with its user, participant data and messages. `jsonl`: one session in each line. `csv`: one message in each line; texts that a spreadsheet would take for a formula begin with an apostrophe. An export that breaks off goes on behind the `cursor` of its last whole line.",
      tag: "Sessions",
      scope: "sessions:read",
      query: z.strictObject({
        ...sessionFilterQuery,
        format: z.enum(["jsonl", "csv"]).default("jsonl"),
        cursor: z.string().optional().describe("The `cursor` of a line: the export goes on behind it"),
      }),
      examples: [{ query: { format: "csv", since: "2026-11-01T00:00:00Z", until: "2026-12-01T00:00:00Z" } }],
      responses: [{ status: 200, description: "The export", schema: z.string(), contentType: "*/*" }],
      async handle({ caller, query, signal }) {
        const { workspaceId } = caller;
        const { format, cursor, ...filters } = query;
        const { write, contentType } = FORMATS[format];
        const sessions = exportedSessions(deps, {
          workspaceId,
          filters: await sessionFilters(deps.agents, workspaceId, filters),
          after: cursor === undefined ? null : readCursor(cursor, EXPORT_ORDER),
          shown: shownTo(caller),
        });
        // Before the headers are sent, so that an error of the database still gets an error response.
        const first = await sessions.next();
        return {
          async stream(_request, response) {
            response.setHeader("Content-Type", contentType);
            response.setHeader("Content-Disposition", `attachment; filename="sessions.${format}"`);
            await writeChunks(write(beginningWith(first, sessions)), response, signal);
          },
        };
      },
    }),
  ];
}

async function* beginningWith<T>(first: IteratorResult<T, void>, others: AsyncGenerator<T, void>) {
  if (first.done) return;
  yield first.value;
  yield* others;
}
