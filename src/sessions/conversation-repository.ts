import type { Pool } from "pg";
import type { KnownConversation, LastUserMessage, OfferedButtons } from "../channels/channel.ts";
import { readButtons } from "../core/button.ts";

/**
 * The newest session that an external id names on a channel, whoever answers in it and whether or not it is over.
 * Not Prisma: asked for every message of every thread of other people, so it has to be one look into one index.
 */
export async function findConversation(
  pool: Pool,
  channelId: string,
  externalId: string,
): Promise<KnownConversation | null> {
  const { rows } = await pool.query<{ identifier: string | null; slug: string }>({
    name: "find_conversation",
    text: `SELECT u.identifier, a.slug FROM sessions s
      JOIN agents a ON a.id = s.agent_id LEFT JOIN users u ON u.id = s.user_id
      WHERE s.channel_id = $1 AND s.external_id = $2 ORDER BY s.created_at DESC, s.id DESC LIMIT 1`,
    values: [channelId, externalId],
  });
  const [found] = rows;
  return found === undefined ? null : { userIdentifier: found.identifier, agent: found.slug };
}

/**
 * The message that the user at an address wrote last, in whichever session. What was put into a session through the API
 * is not what the platform delivered, and does not count. Not Prisma: asked before every send where it decides what may
 * be sent, so it looks at the newest messages of each of the user's sessions only.
 */
export async function lastUserMessage(
  pool: Pool,
  channelId: string,
  address: string,
): Promise<LastUserMessage | null> {
  const { rows } = await pool.query<{ at: Date; keys: string[] }>({
    name: "last_user_message",
    text: `SELECT newest.created_at AS at, newest.keys FROM users u JOIN sessions s ON s.user_id = u.id
      CROSS JOIN LATERAL (
        SELECT m.created_at, k.keys FROM messages m
        CROSS JOIN LATERAL (SELECT array_agg(e.event_key) AS keys FROM inbound_events e
          WHERE e.message_id = m.id AND e.event_key NOT LIKE 'api:%') k
        WHERE m.session_id = s.id AND m.origin IN ('user', 'command') AND k.keys IS NOT NULL
        ORDER BY m.seq DESC LIMIT 1) newest
      WHERE u.channel_id = $1 AND u.identifier = $2 ORDER BY newest.created_at DESC LIMIT 1`,
    values: [channelId, address],
  });
  const [found] = rows;
  return found === undefined ? null : { at: found.at, eventKeys: found.keys };
}

/** What a message offers, and the address of the conversation it is in. */
export async function findButtons(
  pool: Pool,
  channelId: string,
  messageId: string,
): Promise<OfferedButtons | null> {
  const { rows } = await pool.query<{ buttons: unknown; address: string }>({
    name: "find_buttons",
    text: `SELECT m.buttons, coalesce(s.address, s.id) AS address FROM messages m JOIN sessions s ON s.id = m.session_id
      WHERE m.id = $1 AND s.channel_id = $2 AND m.buttons IS NOT NULL`,
    values: [messageId, channelId],
  });
  const [found] = rows;
  return found === undefined ? null : { address: found.address, buttons: readButtons(found.buttons) };
}
