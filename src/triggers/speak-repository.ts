import type { PoolClient } from "pg";
import { newId } from "../core/ids.ts";
import type { JsonObject } from "../core/json.ts";
import { prepareReply, type ReplyLimits } from "../core/reply-parts.ts";
import type { Saying } from "../core/saying.ts";
import { storableJson, storableText } from "../core/text.ts";

export interface SpeakRequest {
  sessionId: string;
  /** Makes repeating harmless: the same key on the same channel says it once. */
  key: string;
  saying: Saying;
  metadata: JsonObject;
  /** Not if the user has written behind this seq. Null: in any case. */
  unlessUserWroteAfter: number | null;
  /** What the session's channel makes of a text. */
  limits: ReplyLimits;
}

export interface Spoken {
  kind: "spoken";
  sessionId: string;
  channelId: string;
  /** Whose session it is; null: nobody's. */
  userId: string | null;
  messageId: string;
  /** Of a prompt: the turn that answers it. */
  executionId: string | null;
  /** Of a text: its parts. */
  deliveryIds: string[];
}

export type SpeakOutcome = Spoken | { kind: "overtaken" } | { kind: "session_gone" };

interface SessionRow {
  workspace_id: string;
  channel_id: string;
  user_id: string | null;
  address: string | null;
  next_seq: number;
}

/**
 * Says something in a session, within the caller's transaction. An instruction becomes a turn of the session's own
 * agent; a text goes out as it stands. Works in a completed session too, so that a rule for its end can say goodbye.
 * The caller moves what was committed: wakes the session, or the deliveries.
 */
export async function speak(client: PoolClient, request: SpeakRequest): Promise<SpeakOutcome> {
  const { sessionId, saying } = request;
  const { rows } = await client.query<SessionRow>(
    "SELECT workspace_id, channel_id, user_id, address, next_seq FROM sessions WHERE id = $1 FOR UPDATE",
    [sessionId],
  );
  const session = rows[0];
  if (!session) return { kind: "session_gone" };
  const messageId = newId();
  const claimed = await client.query(
    "INSERT INTO inbound_events (channel_id, event_key, message_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
    [session.channel_id, request.key, messageId],
  );
  if (claimed.rowCount === 0) return (await spokenBefore(client, session.channel_id, request.key)) ?? gone();
  if (await userWroteAfter(client, sessionId, request.unlessUserWroteAfter)) {
    return { kind: "overtaken" };
  }
  const { channel_id: channelId, user_id: userId } = session;
  const spoken = { kind: "spoken" as const, sessionId, channelId, userId, messageId };
  return "prompt" in saying
    ? { ...spoken, executionId: await instruct(client, session, messageId, request), deliveryIds: [] }
    : {
        ...spoken,
        executionId: null,
        deliveryIds: await tell(client, session, messageId, saying, request),
      };
}

/** What was said under a key; null where nothing was, or its session is gone. */
export async function spokenBefore(
  client: PoolClient,
  channelId: string,
  key: string,
): Promise<Spoken | null> {
  const { rows } = await client.query<{
    id: string;
    session_id: string;
    user_id: string | null;
    execution_id: string | null;
  }>(
    `SELECT m.id, m.session_id, s.user_id, m.execution_id FROM inbound_events e
     JOIN messages m ON m.id = e.message_id JOIN sessions s ON s.id = m.session_id
     WHERE e.channel_id = $1 AND e.event_key = $2`,
    [channelId, key],
  );
  const message = rows[0];
  if (!message) return null;
  const deliveries = await client.query<{ id: string }>(
    "SELECT id FROM deliveries WHERE message_id = $1 ORDER BY ordinal",
    [message.id],
  );
  return {
    kind: "spoken",
    sessionId: message.session_id,
    channelId,
    userId: message.user_id,
    messageId: message.id,
    executionId: message.execution_id,
    deliveryIds: deliveries.rows.map(({ id }) => id),
  };
}

function gone(): SpeakOutcome {
  return { kind: "session_gone" };
}

async function userWroteAfter(client: PoolClient, sessionId: string, seq: number | null): Promise<boolean> {
  if (seq === null) return false;
  const { rowCount } = await client.query(
    "SELECT 1 FROM messages WHERE session_id = $1 AND seq > $2 AND origin = 'user' LIMIT 1",
    [sessionId, seq],
  );
  return rowCount === 1;
}

async function instruct(
  client: PoolClient,
  session: SessionRow,
  messageId: string,
  { sessionId, saying, metadata }: SpeakRequest,
): Promise<string> {
  const executionId = newId();
  const content = "prompt" in saying ? storableText(saying.prompt) : "";
  await client.query(
    `INSERT INTO messages (id, session_id, seq, turn_seq, role, origin, content, metadata, execution_id)
     VALUES ($1, $2, $3, $3, 'system', 'instruction', $4, $5, $6)`,
    [messageId, sessionId, session.next_seq, content, JSON.stringify(metadata), executionId],
  );
  await client.query(
    "INSERT INTO executions (id, workspace_id, session_id, user_message_id, seq) VALUES ($1, $2, $3, $4, $5)",
    [executionId, session.workspace_id, sessionId, messageId, session.next_seq],
  );
  // Where nothing was waiting, everything before it counts as answered.
  await client.query(
    `UPDATE sessions SET next_seq = next_seq + 1, inbound_seq = next_seq,
       answered_seq = CASE WHEN inbound_seq <= answered_seq THEN next_seq - 1 ELSE answered_seq END,
       updated_at = now(), last_activity_at = now() WHERE id = $1`,
    [sessionId],
  );
  return executionId;
}

async function tell(
  client: PoolClient,
  session: SessionRow,
  messageId: string,
  saying: Extract<Saying, { text: string }>,
  { sessionId, metadata, limits }: SpeakRequest,
): Promise<string[]> {
  const content = storableText(saying.text);
  const reply = prepareReply({ content, buttons: saying.buttons, attachments: saying.attachments }, limits);
  await client.query(
    `INSERT INTO messages (id, session_id, seq, turn_seq, role, origin, content, buttons, metadata)
     VALUES ($1, $2, $3, $3, 'assistant', 'operator', $4, $5, $6)`,
    [
      messageId,
      sessionId,
      session.next_seq,
      content,
      reply.buttons && storableJson(reply.buttons),
      JSON.stringify(metadata),
    ],
  );
  await client.query(
    `INSERT INTO attachments (id, workspace_id, session_id, message_id, place, kind, name, content_type, source_url)
     SELECT f.id, $1, $2, $3, f.place, f.kind, f.name, f."contentType", f.url FROM json_to_recordset($4)
       AS f(id text, place int, kind text, name text, "contentType" text, url text)`,
    [
      session.workspace_id,
      sessionId,
      messageId,
      storableJson(reply.files.map((file, place) => ({ ...file, place }))),
    ],
  );
  const parts = reply.parts.map((part, index) => ({ id: newId(), part: index, ...part }));
  await client.query(
    `INSERT INTO deliveries (id, workspace_id, channel_id, session_id, message_id, address, part, content, buttons,
       attachment_id)
     SELECT d.id, $1, $2, $3, $4, $5, d.part, d.content, d.buttons, d."attachmentId"
     FROM json_to_recordset($6) AS d(id text, part int, content text, buttons jsonb, "attachmentId" text) ORDER BY d.part`,
    [
      session.workspace_id,
      session.channel_id,
      sessionId,
      messageId,
      session.address ?? sessionId,
      storableJson(parts),
    ],
  );
  await client.query(
    "UPDATE sessions SET next_seq = next_seq + 1, offer = $2, updated_at = now(), last_activity_at = now() WHERE id = $1",
    [sessionId, reply.offer && storableJson(reply.offer)],
  );
  return parts.map(({ id }) => id);
}
