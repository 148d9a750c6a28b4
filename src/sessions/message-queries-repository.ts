import type { Pool } from "pg";
import type { AttachmentView } from "../core/attachment.ts";
import { type Button, readButtons } from "../core/button.ts";
import type { JsonObject } from "../core/json.ts";
import { storableJson } from "../core/text.ts";
import { ATTACHMENTS_OF, type AttachmentRow, toAttachment } from "../storage/attachment-rows.ts";

/** A message as the API shows it. */
export interface MessageView {
  id: string;
  sessionId: string;
  seq: number;
  role: "system" | "user" | "assistant" | "tool";
  origin: string;
  content: string;
  /** What it offers; none for most. */
  buttons: Button[];
  /** On what a user said: what was pressed or chosen. */
  payload: string | null;
  metadata: JsonObject;
  executionId: string | null;
  /** On what a bot answered: the message it answers, and what the answer took. */
  userMessageId: string | null;
  tokenUsage: { prompt: number; completion: number; total: number } | null;
  attachments: AttachmentView[];
  createdAt: Date;
}

/** A message to be answered, found again by the key it came with. */
export interface InboundMessageRow {
  id: string;
  sessionId: string;
  origin: string;
  content: string;
  executionId: string | null;
}

export type MessageRange =
  | { kind: "page"; offset: number; limit: number }
  /** The newest ones before a seq. */
  | { kind: "before"; seq: number; limit: number }
  /** The oldest ones after a seq. */
  | { kind: "after"; seq: number; limit: number };

const COLUMNS = `m.id, m.session_id, m.seq, m.role, m.origin, m.content, m.buttons, m.payload, m.metadata, m.execution_id,
  m.created_at, e.user_message_id, e.prompt_tokens, e.completion_tokens, e.total_tokens,
  ${ATTACHMENTS_OF("m.id")} AS attachments`;
const FROM = "messages m LEFT JOIN executions e ON e.id = m.execution_id AND m.role = 'assistant'";

interface Row {
  id: string;
  session_id: string;
  seq: number;
  role: MessageView["role"];
  origin: string;
  content: string;
  buttons: unknown;
  payload: string | null;
  metadata: JsonObject;
  execution_id: string | null;
  created_at: Date;
  user_message_id: string | null;
  prompt_tokens: number | null;
  completion_tokens: number | null;
  total_tokens: number | null;
  attachments: AttachmentRow[];
}

export type MessageQueries = ReturnType<typeof createMessageQueriesRepository>;

/** Messages as the API reads them. Raw SQL for ranges by seq, which an index answers whatever the session's length. */
export function createMessageQueriesRepository(pool: Pool) {
  return {
    async count(sessionId: string, origins: readonly string[]): Promise<number> {
      const { rows } = await pool.query<{ count: number }>(
        "SELECT count(*)::int AS count FROM messages WHERE session_id = $1 AND origin = ANY($2)",
        [sessionId, origins],
      );
      return rows[0]?.count ?? 0;
    },

    /** Ascending by seq, whichever end they were taken from. */
    async list(sessionId: string, origins: readonly string[], range: MessageRange): Promise<MessageView[]> {
      const { rows } = await pool.query<Row>(
        `SELECT ${COLUMNS} FROM ${FROM}
         WHERE m.session_id = $1 AND m.origin = ANY($2) AND m.seq > $3 AND m.seq < $4
         ORDER BY m.seq ${range.kind === "before" ? "DESC" : "ASC"} LIMIT $5 OFFSET $6`,
        [
          sessionId,
          origins,
          range.kind === "after" ? range.seq : 0,
          range.kind === "before" ? range.seq : 2 ** 31 - 1,
          range.limit,
          range.kind === "page" ? range.offset : 0,
        ],
      );
      return (range.kind === "before" ? rows.reverse() : rows).map(toView);
    },

    /** What the bot said in one turn, in order. */
    async repliesOf(executionId: string): Promise<MessageView[]> {
      const { rows } = await pool.query<Row>(
        `SELECT ${COLUMNS} FROM executions e JOIN messages m ON m.session_id = e.session_id AND m.execution_id = e.id
         WHERE e.id = $1 AND m.role = 'assistant' AND m.origin = 'bot' ORDER BY m.seq`,
        [executionId],
      );
      return rows.map(toView);
    },

    /** The first thing a session said by itself: the reply to `/reset`. */
    async openingNotice(sessionId: string): Promise<MessageView | null> {
      const { rows } = await pool.query<Row>(
        `SELECT ${COLUMNS} FROM ${FROM} WHERE m.session_id = $1 AND m.origin = 'notice' ORDER BY m.seq LIMIT 1`,
        [sessionId],
      );
      return rows[0] ? toView(rows[0]) : null;
    },

    /** Whether a session ever offered this button. */
    async wasOffered(sessionId: string, button: { label: string; payload: string }): Promise<boolean> {
      const { rowCount } = await pool.query(
        "SELECT 1 FROM messages WHERE session_id = $1 AND buttons IS NOT NULL AND buttons @> $2::jsonb LIMIT 1",
        [sessionId, storableJson([button])],
      );
      return rowCount === 1;
    },

    async inbound(messageId: string): Promise<InboundMessageRow | null> {
      const { rows } = await pool.query<InboundMessageRow>(
        `SELECT id, session_id AS "sessionId", origin, content, execution_id AS "executionId" FROM messages WHERE id = $1`,
        [messageId],
      );
      return rows[0] ?? null;
    },
  };
}

function toView(row: Row): MessageView {
  return {
    id: row.id,
    sessionId: row.session_id,
    seq: row.seq,
    role: row.role,
    origin: row.origin,
    content: row.content,
    buttons: readButtons(row.buttons),
    payload: row.payload,
    metadata: row.metadata,
    executionId: row.execution_id,
    userMessageId: row.user_message_id,
    tokenUsage:
      row.total_tokens === null
        ? null
        : { prompt: row.prompt_tokens ?? 0, completion: row.completion_tokens ?? 0, total: row.total_tokens },
    attachments: row.attachments.map(toAttachment),
    createdAt: row.created_at,
  };
}
