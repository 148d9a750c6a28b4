import type { PoolClient } from "pg";
import { newId } from "../core/ids.ts";
import { accessButtons } from "../core/message/access-press.ts";
import type { ApproverPlace } from "../core/session/access-settings.ts";
import { storableJson, storableText } from "../core/text/text.ts";

/** A delivery to approvers that was planned. */
export interface PlannedDelivery {
  id: string;
  channelId: string;
}

/** Plans the card about a request for each place of approvers. Its text has no marks, because a stranger wrote it. */
export async function planCards(
  client: PoolClient,
  request: { id: string; workspaceId: string; words: string },
  places: readonly ApproverPlace[],
): Promise<PlannedDelivery[]> {
  const planned = places.map(({ channelId, conversation }) => ({ id: newId(), channelId, conversation }));
  for (const { id, channelId, conversation } of planned)
    await client.query(
      `INSERT INTO deliveries (id, workspace_id, channel_id, access_request_id, desk_part, address, content, format, buttons)
       VALUES ($1, $2, $3, $4, 'card', $5, $6, 'text', $7)`,
      [
        id,
        request.workspaceId,
        channelId,
        request.id,
        conversation,
        storableText(request.words),
        storableJson(accessButtons()),
      ],
    );
  return planned;
}

/** Plans a text below every card about a user's requests, or only in one conversation. */
export async function planWords(
  client: PoolClient,
  about: { channelId: string; identifier: string },
  words: string,
  only: { cardId: string } | null = null,
): Promise<PlannedDelivery[]> {
  const { rows } = await client.query<PlannedDelivery>(
    `INSERT INTO deliveries (id, workspace_id, channel_id, access_request_id, desk_part, address, content, format)
     SELECT DISTINCT ON (d.channel_id, d.address) new_ksuid(), d.workspace_id, d.channel_id, d.access_request_id, 'words',
       d.address, $3, 'text'
     FROM deliveries d JOIN access_requests r ON r.id = d.access_request_id
     WHERE r.channel_id = $1 AND r.identifier = $2 AND d.desk_part = 'card' AND ($4::text IS NULL OR d.id = $4)
       AND r.requested_at > now() - interval '1 day'
     ORDER BY d.channel_id, d.address, d.ordinal DESC RETURNING id, channel_id AS "channelId"`,
    [about.channelId, about.identifier, storableText(words), only?.cardId ?? null],
  );
  return rows;
}

/**
 * The request of a card on a channel; null: that delivery is no card. After that request has expired, the
 * card stands for a later waiting request of the same user.
 */
export async function requestOfCard(
  client: PoolClient,
  channelId: string,
  cardId: string,
): Promise<string | null> {
  const { rows } = await client.query<{ id: string }>(
    `SELECT coalesce((SELECT w.id FROM access_requests w WHERE w.channel_id = r.channel_id
         AND w.identifier = r.identifier AND w.state = 'waiting' AND w.expires_at > now()
         ORDER BY w.requested_at, w.id LIMIT 1), r.id) AS id
     FROM deliveries d JOIN access_requests r ON r.id = d.access_request_id
     WHERE d.id = $2 AND d.channel_id = $1 AND d.desk_part = 'card'`,
    [channelId, cardId],
  );
  return rows[0]?.id ?? null;
}
