import type { PoolClient } from "pg";
import { addFiles } from "../attachments/add-files-repository.ts";
import { newId } from "../core/ids.ts";
import { prepareReply, type ReplyLimits } from "../core/message/reply-parts.ts";
import type { UnpromptedMessage } from "../core/message/unprompted-message.ts";
import type { JsonObject } from "../core/text/json.ts";
import { storableText } from "../core/text/text.ts";
import { appendDeliveries, appendMessage } from "../sessions/append-repository.ts";
import { claimEvent } from "../sessions/event-keys-repository.ts";

export interface SpeakRequest {
  sessionId: string;
  /** Idempotency key: a second request with the same key on the same channel stores nothing. */
  key: string;
  message: UnpromptedMessage;
  metadata: JsonObject;
  /** Cancels the message if the user wrote after this seq. Null: never cancels it. */
  unlessUserWroteAfter: number | null;
  /** Limits of the session's channel for texts. */
  limits: ReplyLimits;
  /** The header of the call whose trace goes on with it. */
  traceparent?: string | null;
}

export interface Spoken {
  kind: "spoken";
  sessionId: string;
  channelId: string;
  /** The user of the session; null if it has none. */
  userId: string | null;
  messageId: string;
  /** For a prompt: the turn that answers it. */
  executionId: string | null;
  /** For a text: the deliveries of its parts. */
  deliveryIds: string[];
}

/** `handoff`: the bot is asked for words while a person answers; nothing was stored. */
export type SpeakOutcome = Spoken | { kind: "handoff" } | { kind: "overtaken" } | { kind: "session_gone" };

interface SessionRow {
  channel_id: string;
  user_id: string | null;
  handoff_id: string | null;
}

/**
 * Stores an unprompted message in a session, within the caller's transaction. An instruction becomes a turn of the
 * session's agent; a text is sent unchanged. It also works in a completed session, so that a rule for its end can say
 * goodbye. After the commit, the caller wakes the session or sends the deliveries.
 */
export async function speak(client: PoolClient, request: SpeakRequest): Promise<SpeakOutcome> {
  const { sessionId, message } = request;
  const { rows } = await client.query<SessionRow>(
    "SELECT channel_id, user_id, handoff_id FROM sessions WHERE id = $1 FOR UPDATE",
    [sessionId],
  );
  const session = rows[0];
  if (!session) return { kind: "session_gone" };
  // The bot is silent while a person answers. A text is an operator's word, and goes out.
  if (session.handoff_id !== null && "prompt" in message) {
    return (await spokenBefore(client, session.channel_id, request.key)) ?? { kind: "handoff" };
  }
  const messageId = newId();
  const isNew = await claimEvent(client, session.channel_id, [request.key], messageId);
  if (!isNew) return (await spokenBefore(client, session.channel_id, request.key)) ?? gone();
  if (await userWroteAfter(client, sessionId, request.unlessUserWroteAfter)) {
    return { kind: "overtaken" };
  }
  const { channel_id: channelId, user_id: userId } = session;
  const spoken = { kind: "spoken" as const, sessionId, channelId, userId, messageId };
  return "prompt" in message
    ? { ...spoken, executionId: await instruct(client, messageId, request), deliveryIds: [] }
    : {
        ...spoken,
        executionId: null,
        deliveryIds: await tell(client, messageId, message, request),
      };
}

/** Returns the message that was stored under a key. Null if there is none, or if its session is gone. */
export async function spokenBefore(
  client: Pick<PoolClient, "query">,
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
  messageId: string,
  { sessionId, message, metadata, traceparent }: SpeakRequest,
): Promise<string | null> {
  const content = "prompt" in message ? storableText(message.prompt) : "";
  const stored = await appendMessage(client, sessionId, {
    id: messageId,
    origin: "instruction",
    content,
    metadata,
    traceparent,
  });
  return stored.executionId;
}

async function tell(
  client: PoolClient,
  messageId: string,
  message: Extract<UnpromptedMessage, { text: string }>,
  { sessionId, metadata, limits, traceparent }: SpeakRequest,
): Promise<string[]> {
  const content = storableText(message.text);
  const format = message.format === "markdown" ? undefined : ("text" as const);
  const { buttons, attachments } = message;
  const reply = prepareReply({ content, format, buttons, attachments }, limits);
  const stored = await appendMessage(client, sessionId, {
    id: messageId,
    origin: "operator",
    content,
    buttons: reply.buttons,
    choices: reply.choices,
    metadata,
    format,
    traceparent,
  });
  await addFiles(
    client,
    stored,
    reply.files.map(({ url, ...file }) => ({ ...file, sourceUrl: url })),
  );
  return appendDeliveries(client, stored, reply.parts, { format });
}
