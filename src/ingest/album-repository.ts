import type { Pool, PoolClient } from "pg";
import { addFiles } from "../attachments/add-files-repository.ts";
import { storableJson } from "../core/text/text.ts";
import { claimEvent } from "../sessions/event-keys-repository.ts";
import { takeEarlyEdit } from "./early-edit-repository.ts";
import { GATHER_MS } from "./inbound-record.ts";
import type { InboundOutcome, InboundRow } from "./inbound-row.ts";

/**
 * A part waits this long for a part that is for the bot. A late part still belongs to an answered album for the same
 * time.
 */
const HELD_FOR = "1 minute";
/** An album's turn begins after this time, however many parts come. */
const LONGEST_GATHERING = "10 seconds";

/** Parts of one album are stored one after another, on whatever processes they arrive. */
export async function lockAlbum(client: PoolClient, channelId: string, albumKey: string): Promise<void> {
  await client.query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", [`${channelId}/${albumKey}`]);
}

/** Returns true if a recent part of the album was for the bot. */
export async function isAlbumKnown(
  client: PoolClient,
  channelId: string,
  albumKey: string,
): Promise<boolean> {
  const { rowCount } = await client.query(
    `SELECT 1 FROM messages m JOIN sessions s ON s.id = m.session_id
     WHERE m.album_key = $2 AND s.channel_id = $1 AND m.gather_until > now() - interval '${HELD_FOR}' LIMIT 1`,
    [channelId, albumKey],
  );
  return rowCount === 1;
}

export async function holdPart(client: PoolClient, row: InboundRow, albumKey: string): Promise<void> {
  await client.query(
    `INSERT INTO album_parts (channel_id, event_key, album_key, "row") VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
    [row.channelId, row.eventKeys[0], albumKey, storableJson(row)],
  );
}

/** The held parts of this album, oldest first. They are no longer held. */
export async function takeHeldParts(
  client: PoolClient,
  channelId: string,
  albumKey: string,
): Promise<InboundRow[]> {
  const { rows } = await client.query<{ row: InboundRow & { context: { sentAt: string | null } | null } }>(
    `WITH taken AS (DELETE FROM album_parts WHERE channel_id = $1 AND album_key = $2
       RETURNING "row", received_at, event_key)
     SELECT "row" FROM taken ORDER BY received_at, event_key`,
    [channelId, albumKey],
  );
  return rows.map(({ row }) => row);
}

/** Deletes parts of albums that nobody addressed to the bot. */
export async function forgetHeldParts(pool: Pool): Promise<void> {
  await pool.query(`DELETE FROM album_parts WHERE received_at < now() - interval '${HELD_FOR}'`);
}

/** Adds a part to its album while the album waits for its turn. Returns null if there is no such album. */
export async function joinAlbum(
  client: PoolClient,
  row: InboundRow,
  albumKey: string,
): Promise<InboundOutcome | null> {
  await closeAnswered(client, row.channelId, albumKey);
  const { rows } = await client.query<{ id: string; session_id: string }>(
    `SELECT m.id, m.session_id FROM messages m JOIN sessions s ON s.id = m.session_id
     WHERE m.album_key = $2 AND m.closed_at IS NULL AND s.channel_id = $1 FOR UPDATE OF s, m`,
    [row.channelId, albumKey],
  );
  const album = rows[0];
  if (album === undefined) return null;
  if (!(await claimEvent(client, row.channelId, row.eventKeys, album.id))) return { kind: "duplicate" };
  const edit = await takeEarlyEdit(client, row);
  // So that the edit changes nothing if the platform repeats it.
  const editKeys = edit?.eventKeys.map((key) => `more:${key}`) ?? [];
  await claimEvent(client, row.channelId, editKeys, album.id);
  const content = edit?.content ?? row.content;
  const references = row.context?.references ?? [];
  await client.query(
    `UPDATE messages SET
       content = CASE WHEN content = '' OR $2 = '' THEN content || $2 ELSE content || E'\\n\\n' || $2 END,
       message_references = coalesce(message_references, $3::jsonb), reply_reference = coalesce($4, reply_reference),
       gather_until = least(greatest(gather_until, now() + ${GATHER_MS} * interval '1 millisecond'),
         created_at + interval '${LONGEST_GATHERING}')
     WHERE id = $1`,
    [album.id, content, references.length === 0 ? null : storableJson(references), row.replyReference],
  );
  await client.query("UPDATE sessions SET title = coalesce(title, $2) WHERE id = $1", [
    album.session_id,
    row.title,
  ]);
  const { workspaceId, attachments } = row;
  await addFiles(client, { workspaceId, messageId: album.id, sessionId: album.session_id }, attachments);
  return { kind: "joined", sessionId: album.session_id, messageId: album.id };
}

/** An album takes no more parts if it was cancelled while it gathered, or if its session has ended. */
async function closeAnswered(client: PoolClient, channelId: string, albumKey: string): Promise<void> {
  await client.query(
    `UPDATE messages m SET closed_at = now() FROM sessions s
     WHERE s.id = m.session_id AND m.album_key = $2 AND m.closed_at IS NULL AND s.channel_id = $1
       AND (m.seq <= s.answered_seq OR s.status <> 'active')`,
    [channelId, albumKey],
  );
}
