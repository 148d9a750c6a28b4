import type { PoolClient } from "pg";

/**
 * Stores the keys of a platform's event, so that it counts once. Call it in the transaction that stores the event's
 * content. @param messageId the message that the event becomes or belongs to. @returns false if one of the keys is
 * known, because the event came before.
 */
export async function claimEvent(
  client: PoolClient,
  channelId: string,
  keys: readonly string[],
  messageId: string,
): Promise<boolean> {
  const { rowCount } = await client.query(
    `INSERT INTO inbound_events (channel_id, event_key, message_id)
     SELECT $1, key, $2 FROM unnest($3::text[]) AS key ON CONFLICT DO NOTHING`,
    [channelId, messageId, keys],
  );
  return rowCount === keys.length;
}
