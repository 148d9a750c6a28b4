import type { Pool } from "pg";
import { ATTACHMENTS_OF, type AttachmentRow, toAttachment } from "../attachments/attachment-rows.ts";
import type { AttachmentView } from "../core/message/attachment.ts";
import { type Button, readButtons } from "../core/message/button.ts";
import { type MessageContext, toContext } from "../core/message/message-context.ts";
import type { MessageFeedback } from "../core/message/rating.ts";
import type { JsonObject } from "../core/text/json.ts";
import { storableJson } from "../core/text/text.ts";
import { RATINGS_OF, type RatingRow, toFeedback } from "./rating-rows.ts";
import { HAS_WORDS } from "./session-search-repository.ts";

/** A message as the API shows it. */
export interface MessageView {
  id: string;
  sessionId: string;
  seq: number;
  role: "system" | "user" | "assistant" | "tool";
  origin: string;
  content: string;
  /** The buttons of the message; empty for most messages. */
  buttons: Button[];
  /** On a user's message: the payload of the pressed or chosen button. */
  payload: string | null;
  metadata: JsonObject;
  executionId: string | null;
  /** On a bot's answer: the message that it answers, and the tokens that it used. */
  userMessageId: string | null;
  tokenUsage: { prompt: number; completion: number; total: number } | null;
  attachments: AttachmentView[];
  /** The writer, the time and the references; null if nothing is known. */
  context: MessageContext | null;
  /** Ratings of the message, oldest first; empty for most messages. */
  feedback: MessageFeedback[];
  /** On a person's message in a handoff: that person. */
  person: { name: string; via: string } | null;
  createdAt: Date;
}

/** The messages of a session that are asked for. */
export interface MessageFilter {
  origins: readonly string[];
  /** Words that occur in them, in the syntax of web searches. */
  words?: string | undefined;
}

/** A message that needs an answer, found again by its event key. */
export interface InboundMessageRow {
  id: string;
  sessionId: string;
  origin: string;
  content: string;
  executionId: string | null;
}

export type MessageRange =
  | { kind: "page"; offset: number; limit: number }
  /** The newest messages before a seq. */
  | { kind: "before"; seq: number; limit: number }
  /** The oldest messages after a seq. */
  | { kind: "after"; seq: number; limit: number };

const COLUMNS = `m.id, m.session_id, m.seq, m.role, m.origin, m.content, m.buttons, m.payload, m.metadata, m.execution_id,
  m.author, m.sent_at, m.message_references, m.created_at, e.user_message_id, e.prompt_tokens, e.completion_tokens, e.total_tokens,
  ${ATTACHMENTS_OF("m.id")} AS attachments, ${RATINGS_OF("m.id")} AS ratings`;
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
  author: MessageContext["author"] | MessageView["person"];
  sent_at: Date | null;
  message_references: unknown;
  created_at: Date;
  user_message_id: string | null;
  prompt_tokens: number | null;
  completion_tokens: number | null;
  total_tokens: number | null;
  attachments: AttachmentRow[];
  ratings: RatingRow[];
}

export type MessageQueries = ReturnType<typeof createMessageQueriesRepository>;

/** Messages for the API. Raw SQL for ranges by seq, which an index answers for any length of session. */
export function createMessageQueriesRepository(pool: Pool) {
  return {
    async count(sessionId: string, { origins, words }: MessageFilter): Promise<number> {
      const { rows } = await pool.query<{ count: number }>(
        `SELECT count(*)::int AS count FROM messages m WHERE m.session_id = $1 AND m.origin = ANY($2)${having(words, "$3")}`,
        [sessionId, origins, ...(words === undefined ? [] : [words])],
      );
      return rows[0]?.count ?? 0;
    },

    /** In ascending order of seq, from whichever end they were read. */
    async list(
      sessionId: string,
      { origins, words }: MessageFilter,
      range: MessageRange,
    ): Promise<MessageView[]> {
      const { rows } = await pool.query<Row>(
        `SELECT ${COLUMNS} FROM ${FROM}
         WHERE m.session_id = $1 AND m.origin = ANY($2) AND m.seq > $3 AND m.seq < $4${having(words, "$7")}
         ORDER BY m.seq ${range.kind === "before" ? "DESC" : "ASC"} LIMIT $5 OFFSET $6`,
        [
          sessionId,
          origins,
          range.kind === "after" ? range.seq : 0,
          range.kind === "before" ? range.seq : 2 ** 31 - 1,
          range.limit,
          range.kind === "page" ? range.offset : 0,
          ...(words === undefined ? [] : [words]),
        ],
      );
      return (range.kind === "before" ? rows.reverse() : rows).map(toView);
    },

    /** The bot's messages of one turn, in order. */
    async repliesOf(executionId: string): Promise<MessageView[]> {
      const { rows } = await pool.query<Row>(
        `SELECT ${COLUMNS} FROM executions e JOIN messages m ON m.session_id = e.session_id AND m.execution_id = e.id
         WHERE e.id = $1 AND m.role = 'assistant' AND m.origin = 'bot' ORDER BY m.seq`,
        [executionId],
      );
      return rows.map(toView);
    },

    /** The first notice of a session: the reply to `/reset`. */
    async openingNotice(sessionId: string): Promise<MessageView | null> {
      const { rows } = await pool.query<Row>(
        `SELECT ${COLUMNS} FROM ${FROM} WHERE m.session_id = $1 AND m.origin = 'notice' ORDER BY m.seq LIMIT 1`,
        [sessionId],
      );
      return rows[0] ? toView(rows[0]) : null;
    },

    async find(id: string): Promise<MessageView | null> {
      const { rows } = await pool.query<Row>(`SELECT ${COLUMNS} FROM ${FROM} WHERE m.id = $1`, [id]);
      return rows[0] ? toView(rows[0]) : null;
    },

    /** Returns true if a session ever offered this button. */
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

const having = (words: string | undefined, placeholder: string) =>
  words === undefined ? "" : ` AND ${HAS_WORDS(placeholder)}`;

function isPerson(author: Row["author"]): author is NonNullable<MessageView["person"]> {
  return author !== null && "via" in author;
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
    feedback: row.ratings.map(toFeedback),
    context: toContext({ ...row, author: isPerson(row.author) ? null : row.author }),
    person: isPerson(row.author) ? row.author : null,
    createdAt: row.created_at,
  };
}
