import { z } from "zod";
import type { SessionAgents } from "../../../agents/session-agent-repository.ts";
import { RequestError } from "../../../core/faults/errors.ts";
import type {
  MessageQueries,
  MessageRange,
  MessageView,
} from "../../../sessions/message-queries-repository.ts";
import type { SessionQueries } from "../../../sessions/session-queries-repository.ts";
import { integerQuery, pageQuery } from "../route/paging.ts";
import { defineRoute, type Route } from "../route/route.ts";
import { idParams, listSchema, wordsQuery } from "../route/wire-schemas.ts";
import { requireSession, SESSION_NOT_FOUND } from "../sessions/require-session.ts";
import { seedMessages } from "../sessions/seed-messages.ts";
import { messageSchema, toMessage } from "./message-resource.ts";

export interface MessageListDeps {
  sessions: Pick<SessionQueries, "find">;
  messages: Pick<MessageQueries, "count" | "list">;
  agents: Pick<SessionAgents, "opening">;
}

/** The origins that are always shown. The others are shown on request. */
const CONVERSATION = ["user", "bot", "operator"];
const INCLUDES = {
  seed: [],
  tool: ["tool"],
  instruction: ["instruction"],
  notice: ["notice", "command"],
} as const;
type Include = keyof typeof INCLUDES;

const LAST_SEQ = 2 ** 31 - 1;

const include = z
  .string()
  .transform((text) => text.split(",").map((name) => name.trim()))
  .pipe(z.array(z.enum(["seed", "tool", "instruction", "notice"])))
  .default([]);

const listQuery = z.strictObject({
  ...pageQuery,
  before_seq: integerQuery(1, LAST_SEQ).optional().describe("The newest messages before this seq"),
  after_seq: integerQuery(0, LAST_SEQ).optional().describe("The oldest messages after this seq"),
  q: wordsQuery.optional().describe("Words in what was said, in the syntax of the sessions' `q`"),
  include: include.describe(
    "Also, separated by commas: `seed` (the agent's own messages), `tool` (short results of the bot's tools, before the answer), `instruction` (prompts to the bot), `notice` (apologies, `/reset` and its reply)",
  ),
});

type ListQuery = z.output<typeof listQuery>;

/** `GET /chat/sessions/{id}/messages`: ascending by seq. */
export function messageListRoutes(deps: MessageListDeps): Route[] {
  return [
    defineRoute({
      method: "GET",
      path: "/chat/sessions/{id}/messages",
      operationId: "listMessages",
      summary: "List messages",
      description:
        "Ascending by `seq`. Page with `page` and `limit`, from the end with `before_seq`, or forwards with `after_seq` or `cursor`.",
      tag: "Messages",
      scope: "sessions:read",
      params: idParams,
      query: listQuery,
      examples: [
        { query: { page: "1", limit: "100" } },
        { query: { include: "seed,tool" } },
        { query: { q: "hello" } },
      ],
      responses: [{ status: 200, description: "A page of messages", schema: listSchema(messageSchema) }],
      errors: [SESSION_NOT_FOUND],
      async handle({ caller, params, query }) {
        const session = await requireSession(deps.sessions, caller.workspaceId, params.id);
        const range = rangeOf(query);
        const origins = [...CONVERSATION, ...query.include.flatMap((name: Include) => INCLUDES[name])];
        const asked = { origins, words: query.q };
        // Seed messages are not stored, so nothing is found in them.
        const opening =
          query.include.includes("seed") && query.q === undefined
            ? await deps.agents.opening(session.agentId, session.agentVersion)
            : null;
        const seeds = opening ? seedMessages(session, opening) : [];
        const [count, found] = await Promise.all([
          deps.messages.count(session.id, asked),
          withSeeds(seeds, range, (part) => deps.messages.list(session.id, asked, part)),
        ]);
        const total = count + seeds.length;
        return { status: 200, body: listBody(found, total, query, range) };
      },
    }),
  ];
}

function rangeOf(query: ListQuery): MessageRange {
  const { limit, before_seq: before, after_seq: after, cursor, page } = query;
  const given = [before, after, cursor, page].filter((value) => value !== undefined);
  if (given.length > 1) {
    const message = "Give one of page, cursor, before_seq and after_seq.";
    throw new RequestError(400, "invalid_query", message, {
      details: { problems: [{ path: "page", problem: message }] },
    });
  }
  if (before !== undefined) return { kind: "before", seq: before, limit };
  if (after !== undefined) return { kind: "after", seq: after, limit };
  if (cursor !== undefined) return { kind: "after", seq: readCursor(cursor), limit };
  return { kind: "page", offset: ((page ?? 1) - 1) * limit, limit };
}

/** Returns one message more than asked for, so that the caller can tell if there are more. */
async function withSeeds(
  seeds: readonly MessageView[],
  range: MessageRange,
  list: (range: MessageRange) => Promise<MessageView[]>,
): Promise<MessageView[]> {
  const limit = range.limit + 1;
  if (range.kind === "page") {
    const first = seeds.slice(range.offset, range.offset + limit);
    const offset = Math.max(0, range.offset - seeds.length);
    return [...first, ...(await list({ kind: "page", offset, limit: limit - first.length }))];
  }
  if (range.kind === "after") {
    const first = seeds.filter((seed) => seed.seq > range.seq).slice(0, limit);
    return [...first, ...(await list({ kind: "after", seq: range.seq, limit: limit - first.length }))];
  }
  const last = await list({ ...range, limit });
  const room = limit - last.length;
  return [...(room > 0 ? seeds.filter((seed) => seed.seq < range.seq).slice(-room) : []), ...last];
}

function listBody(found: MessageView[], total: number, query: ListQuery, range: MessageRange) {
  const more = found.length > range.limit;
  const rows = range.kind === "before" ? found.slice(-range.limit) : found.slice(0, range.limit);
  const last = rows.at(-1);
  const forwards = range.kind !== "before";
  return {
    data: rows.map(toMessage),
    meta: {
      total,
      page: range.kind === "page" ? (query.page ?? 1) : null,
      limit: range.limit,
      total_pages: Math.ceil(total / range.limit),
      next_cursor: forwards && more && last ? `seq_${last.seq}` : null,
    },
  };
}

function readCursor(cursor: string): number {
  const seq = Number(/^seq_(-?\d{1,10})$/.exec(cursor)?.[1] ?? Number.NaN);
  if (Math.abs(seq) <= LAST_SEQ) return seq;
  throw new RequestError(
    400,
    "invalid_cursor",
    "The cursor does not belong to this list. Start without a cursor.",
  );
}
