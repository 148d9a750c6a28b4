import type pg from "pg";
import { newId } from "../../src/core/ids.ts";
import type { JsonObject } from "../../src/core/text/json.ts";
import type { TestApp } from "../support/app.ts";
import { eventually } from "../support/eventually.ts";
import { testPool } from "../support/postgres.ts";

export interface Answered {
  sessionId: string;
  executionId: string;
  status: string;
  errorCode: string | null;
  error: string | null;
  tokens: { prompt: number | null; completion: number | null; total: number | null };
  replies: { content: string; origin: string; metadata: JsonObject }[];
}

export interface Conversation extends AsyncDisposable {
  /** Writes as a user of the app's `api` channel and waits until the turn has ended. */
  say(text: string, as?: { user?: string; thread?: string }): Promise<Answered>;
  /** Writes and does not wait. Returns the message's event key. */
  post(text: string, as?: { user?: string; thread?: string }): Promise<string>;
  answered(eventKey: string): Promise<Answered>;
  query<T extends pg.QueryResultRow>(sql: string, values?: unknown[]): Promise<T[]>;
}

/** Talks with a bot through the whole service: ingest, session, turn, delivery. */
export function converse(app: TestApp, channel = "api"): Conversation {
  const pool = testPool(app.database.url, 3);
  const query: Conversation["query"] = async (sql, values) => (await pool.query(sql, values)).rows;

  const post: Conversation["post"] = async (text, { user = "ada", thread = user } = {}) => {
    const running = app.app.channels.inUrl(channel);
    if (!running) throw new Error(`no channel ${channel}`);
    const eventKey = newId();
    const conversation = { address: thread, userIdentifier: user, externalKey: thread };
    await app.app.pipeline.ingest.acceptEvents(running.ref, [
      { type: "message", eventKeys: [eventKey], conversation, text, userName: "Ada" },
    ]);
    return eventKey;
  };
  const answered: Conversation["answered"] = (eventKey) =>
    eventually(
      async () => {
        const [row] = await query<AnsweredRow>(ANSWERED, [eventKey]);
        if (row === undefined) throw new Error("the turn has not ended");
        const { prompt_tokens, completion_tokens, total_tokens } = row;
        return {
          sessionId: row.session_id,
          executionId: row.id,
          status: row.status,
          errorCode: row.error_code,
          error: row.error,
          tokens: { prompt: prompt_tokens, completion: completion_tokens, total: total_tokens },
          replies: row.replies,
        };
      },
      { timeoutMs: 30_000 },
    );
  return {
    post,
    answered,
    say: async (text, as) => answered(await post(text, as)),
    query,
    [Symbol.asyncDispose]: () => pool.end(),
  };
}

interface AnsweredRow {
  id: string;
  session_id: string;
  status: string;
  error_code: string | null;
  error: string | null;
  prompt_tokens: number | null;
  completion_tokens: number | null;
  total_tokens: number | null;
  replies: Answered["replies"];
}

const ANSWERED = `
  SELECT e.id, e.session_id, e.status, e.error_code, e.error, e.prompt_tokens, e.completion_tokens, e.total_tokens,
    coalesce((SELECT json_agg(json_build_object('content', r.content, 'origin', r.origin, 'metadata', r.metadata) ORDER BY r.seq)
      FROM messages r WHERE r.execution_id = e.id AND r.role = 'assistant'), '[]') AS replies
  FROM inbound_events i JOIN messages m ON m.id = i.message_id JOIN executions e ON e.id = m.execution_id
  WHERE i.event_key = $1 AND e.status NOT IN ('pending', 'running')`;
