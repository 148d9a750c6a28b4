import type { Pool } from "pg";
import type { KnownConversation, LastUserMessage, OfferedButtons } from "../channels/channel-options.ts";
import { readButtons } from "../core/message/button.ts";

interface ConversationRow {
  external_id: string;
  identifier: string | null;
  slug: string;
}

const CONVERSATION = `SELECT s.external_id, u.identifier, a.slug FROM sessions s
  JOIN agents a ON a.id = s.agent_id LEFT JOIN users u ON u.id = s.user_id`;

/**
 * The newest session with an external key on a channel, for any agent, open or completed. If there is none, the session
 * that contains the message of an event key. Not Prisma: it runs for every message of every thread of other people. So
 * it must be one lookup in one index.
 */
export async function findConversation(
  pool: Pool,
  channelId: string,
  externalKey: string,
  eventKey?: string,
): Promise<KnownConversation | null> {
  const { rows } = await pool.query<ConversationRow>({
    name: "find_conversation",
    text: `${CONVERSATION} WHERE s.channel_id = $1 AND s.external_id = $2 ORDER BY s.created_at DESC, s.id DESC LIMIT 1`,
    values: [channelId, externalKey],
  });
  const [found] = rows;
  if (found !== undefined || eventKey === undefined) return toKnown(found);
  const { rows: byMessage } = await pool.query<ConversationRow>({
    name: "find_conversation_of_event",
    text: `${CONVERSATION} WHERE s.external_id IS NOT NULL AND s.id = (SELECT m.session_id FROM inbound_events e
      JOIN messages m ON m.id = e.message_id WHERE e.channel_id = $1 AND e.event_key = $2)`,
    values: [channelId, eventKey],
  });
  return toKnown(byMessage[0]);
}

/**
 * The newest of a user's sessions whose external key has one of these prefixes. Null if the user has already written
 * there. Not Prisma: it runs for every message that may answer one of ours.
 */
export async function findUnanswered(
  pool: Pool,
  channelId: string,
  userIdentifier: string,
  begins: readonly string[],
): Promise<KnownConversation | null> {
  const { rows } = await pool.query<ConversationRow>({
    name: "find_unanswered",
    text: `SELECT s.external_id, s.identifier, a.slug FROM (
        SELECT s.id, s.external_id, s.status, s.agent_id, u.identifier FROM users u JOIN sessions s ON s.user_id = u.id
        WHERE u.channel_id = $1 AND u.identifier = $2
          AND EXISTS (SELECT 1 FROM unnest($3::text[]) AS b(prefix) WHERE starts_with(s.external_id, b.prefix))
        ORDER BY s.created_at DESC, s.id DESC LIMIT 1) s
      JOIN agents a ON a.id = s.agent_id
      WHERE s.status = 'active' AND NOT EXISTS (
        SELECT 1 FROM messages m WHERE m.session_id = s.id AND m.origin IN ('user', 'command'))`,
    values: [channelId, userIdentifier, begins],
  });
  return toKnown(rows[0]);
}

function toKnown(row: ConversationRow | undefined): KnownConversation | null {
  if (row === undefined) return null;
  return { externalKey: row.external_id, userIdentifier: row.identifier, agent: row.slug };
}

/** Late messages arrive in the order of the platform's retries. So the newest by time is searched among this many. */
const LATE_AT_MOST = 10;

/**
 * The user's last message at an address, in any session, by the time of writing. A later arrival without a message
 * counts instead. The message of a stranger counts too: it waits in a request, and a text to them answers it. A message
 * added through the API does not count, because the platform did not deliver it. Not Prisma: it runs before every send
 * on channels where it decides the permitted content. So it reads only the newest messages of the user's latest sessions.
 */
export async function lastUserMessage(
  pool: Pool,
  channelId: string,
  address: string,
): Promise<LastUserMessage | null> {
  const { rows } = await pool.query<{ at: Date; keys: string[] | null }>({
    name: "last_user_message",
    text: `SELECT * FROM (SELECT greatest(newest.at, u.arrived_at) AS at, CASE WHEN u.arrived_at > newest.at THEN NULL ELSE (
        SELECT array_agg(e.event_key) FROM inbound_events e
        WHERE e.message_id = newest.id AND e.event_key NOT LIKE 'api:%') END AS keys
      FROM users u LEFT JOIN LATERAL (
        SELECT m.id, m.at FROM (
          SELECT id FROM sessions WHERE user_id = u.id ORDER BY last_activity_at DESC LIMIT 8) s
        CROSS JOIN LATERAL (
          SELECT o.id, coalesce(o.sent_at, o.created_at) AS at FROM messages o
          WHERE o.session_id = s.id AND o.origin IN ('user', 'command') AND EXISTS (
            SELECT 1 FROM inbound_events e WHERE e.message_id = o.id AND e.event_key NOT LIKE 'api:%')
          ORDER BY o.seq DESC LIMIT ${LATE_AT_MOST}) m
        ORDER BY m.at DESC LIMIT 1) newest ON true
      WHERE u.channel_id = $1 AND u.identifier = $2 AND (newest.id IS NOT NULL OR u.arrived_at IS NOT NULL)
      UNION ALL SELECT requested_at, event_keys FROM access_requests WHERE channel_id = $1 AND identifier = $2) said
      ORDER BY at DESC LIMIT 1`,
    values: [channelId, address],
  });
  const [found] = rows;
  return found === undefined ? null : { at: found.at, eventKeys: found.keys ?? [] };
}

/**
 * The buttons of a message, the address of its conversation, and the address it was sent to. A card about a stranger is a
 * delivery without a message.
 */
export async function findButtons(
  pool: Pool,
  channelId: string,
  messageId: string,
): Promise<OfferedButtons | null> {
  const { rows } = await pool.query<{ buttons: unknown; address: string; sent_to: string | null }>({
    name: "find_buttons",
    text: `SELECT m.buttons, coalesce(s.address, s.id) AS address, (SELECT d.address FROM deliveries d
        WHERE d.message_id = m.id AND d.buttons IS NOT NULL ORDER BY d.ordinal DESC LIMIT 1) AS sent_to
      FROM messages m JOIN sessions s ON s.id = m.session_id
      WHERE m.id = $1 AND s.channel_id = $2 AND m.buttons IS NOT NULL
      UNION ALL SELECT buttons, address, NULL FROM deliveries
      WHERE id = $1 AND channel_id = $2 AND access_request_id IS NOT NULL AND buttons IS NOT NULL`,
    values: [messageId, channelId],
  });
  const [found] = rows;
  if (found === undefined) return null;
  const sentTo = found.sent_to === null || found.sent_to === found.address ? {} : { sentTo: found.sent_to };
  return { address: found.address, ...sentTo, buttons: readButtons(found.buttons) };
}
