import type { PoolClient } from "pg";
import { newId } from "../core/ids.ts";
import type { Button } from "../core/message/button.ts";
import type { Answered } from "../core/message/outbound.ts";
import type { ReplyPart } from "../core/message/reply-parts.ts";
import type { TypedChoices } from "../core/message/typed-choices.ts";
import type { JsonObject } from "../core/text/json.ts";
import { storableJson } from "../core/text/text.ts";

/*
 * Writes messages and deliveries. Two other statements write their own rows, because they store many messages in one
 * commit. These are arriving messages (ingest/store-inbound-statement.ts) and the ends of turns
 * (turns/answering/finish-repository.ts).
 */

/** A message of the agent's side, or an instruction to the bot. */
export interface NewMessage {
  id: string;
  /** `operator`: words to the user. `notice`: not part of the history. `instruction`: the bot answers it. */
  origin: "operator" | "notice" | "instruction";
  content: string;
  author?: { identifier?: string; name: string | null; via: string } | null;
  buttons?: readonly Button[] | null;
  /** The choices that the user has from now on. Absent: the earlier ones stay valid. */
  choices?: TypedChoices | null;
  metadata?: JsonObject;
  /** `text`: sent as written. Absent: Markdown. */
  format?: "text" | undefined;
  /** Time at which it was written, by the platform's clock. */
  sentAt?: Date | undefined;
  /** The header of the call whose trace goes on with it. */
  traceparent?: string | null | undefined;
}

/** A stored message, and the session that has it. */
export interface AppendedMessage {
  messageId: string;
  sessionId: string;
  workspaceId: string;
  channelId: string;
  /** The address of its deliveries. */
  address: string;
  /** For an instruction: the turn that answers it. */
  executionId: string | null;
}

/**
 * One statement takes the next seq and stores the message. The database trigger for event rules reads the message when
 * the seq changes. If nothing was waiting before an instruction, everything before it counts as answered.
 */
const APPEND = `
  WITH place AS (
    UPDATE sessions SET next_seq = next_seq + 1, updated_at = now(), last_activity_at = now(),
      offer = CASE WHEN $10 THEN $11::jsonb ELSE offer END,
      inbound_seq = CASE WHEN $12::text IS NULL THEN inbound_seq ELSE next_seq END,
      answered_seq = CASE WHEN $12::text IS NULL OR inbound_seq > answered_seq THEN answered_seq ELSE next_seq - 1 END
    WHERE id = $1
    RETURNING id, next_seq - 1 AS seq, workspace_id, channel_id, coalesce(address, id) AS address),
  asked AS (
    INSERT INTO executions (id, workspace_id, session_id, user_message_id, seq, traceparent)
    SELECT $12, workspace_id, id, $2, seq, $13 FROM place WHERE $12::text IS NOT NULL),
  stored AS (
    INSERT INTO messages (id, session_id, seq, turn_seq, role, origin, content, author, buttons, metadata, format,
      sent_at, execution_id, traceparent)
    SELECT $2, id, seq, seq, CASE WHEN $12::text IS NULL THEN 'assistant' ELSE 'system' END, $3, $4, $5, $6, $7, $8,
      $9, $12, CASE WHEN $12::text IS NULL THEN $13 END FROM place)
  SELECT workspace_id, channel_id, address FROM place`;

/** Stores a message at the end of a session, which the caller's transaction has locked. */
export async function appendMessage(
  client: PoolClient,
  sessionId: string,
  message: NewMessage,
): Promise<AppendedMessage> {
  const { id, origin, content, author, buttons, choices, metadata = {}, format, sentAt } = message;
  const executionId = origin === "instruction" ? newId() : null;
  const { rows } = await client.query<{ workspace_id: string; channel_id: string; address: string }>(APPEND, [
    sessionId,
    id,
    origin,
    content,
    author && storableJson(author),
    buttons && storableJson(buttons),
    storableJson(metadata),
    format,
    sentAt,
    choices !== undefined,
    choices && storableJson(choices),
    executionId,
    message.traceparent ?? null,
  ]);
  const place = rows[0];
  if (!place) throw new Error(`the session ${sessionId} is gone while a message is stored in it`);
  return {
    messageId: id,
    sessionId,
    workspaceId: place.workspace_id,
    channelId: place.channel_id,
    address: place.address,
    executionId,
  };
}

/** Stores the sends of a message, in order. A part may bring the id that its delivery gets. Returns the ids. */
export async function appendDeliveries(
  client: PoolClient,
  message: AppendedMessage,
  parts: readonly (ReplyPart & { id?: string })[],
  { format, answers }: { format?: "text" | undefined; answers?: Answered | null } = {},
): Promise<string[]> {
  if (parts.length === 0) return [];
  const rows = parts.map((part, index) => ({ ...part, id: part.id ?? newId(), part: index }));
  await client.query(
    `INSERT INTO deliveries (id, workspace_id, channel_id, session_id, message_id, address, part, content, buttons,
       attachment_id, format, answers)
     SELECT d.id, $1, $2, $3, $4, $5, d.part, d.content, d.buttons, d."attachmentId", $7, $8
     FROM json_to_recordset($6) AS d(id text, part int, content text, buttons jsonb, "attachmentId" text)
     ORDER BY d.part`,
    [
      message.workspaceId,
      message.channelId,
      message.sessionId,
      message.messageId,
      message.address,
      storableJson(rows),
      format,
      answers && storableJson(answers),
    ],
  );
  return rows.map(({ id }) => id);
}

/** Stores a text to a person without access, who has no session. Returns its delivery. */
export async function appendNotice(
  client: PoolClient,
  notice: {
    workspaceId: string;
    channelId: string;
    accessRequestId: string;
    address: string;
    content: string;
    answers: Answered;
  },
): Promise<string> {
  const id = newId();
  await client.query(
    `INSERT INTO deliveries (id, workspace_id, channel_id, access_request_id, address, content, answers)
     VALUES ($1, $2, $3, $4, $5, $6, $7)`,
    [
      id,
      notice.workspaceId,
      notice.channelId,
      notice.accessRequestId,
      notice.address,
      notice.content,
      storableJson(notice.answers),
    ],
  );
  return id;
}

/** Stores the earlier messages of a session that is opened with them, oldest first. */
export async function storeHistory(
  client: PoolClient,
  sessionId: string,
  history: readonly { role: "user" | "assistant"; content: string }[],
): Promise<void> {
  if (history.length === 0) return;
  const rows = history.map((message, index) => ({ id: newId(), seq: index + 1, ...message }));
  await client.query(
    `INSERT INTO messages (id, session_id, seq, turn_seq, role, origin, content)
     SELECT h.id, $1, h.seq, h.seq, h.role, CASE h.role WHEN 'user' THEN 'user' ELSE 'bot' END, h.content
     FROM json_to_recordset($2) AS h(id text, seq int, role text, content text)`,
    [sessionId, JSON.stringify(rows)],
  );
}
