import type { PoolClient } from "pg";
import { editHeld } from "../access/requests-repository.ts";
import { shortened, storableJson } from "../core/text/text.ts";
import { claimEvent } from "../sessions/event-keys-repository.ts";
import { EXCERPT } from "./access-repository.ts";
import type { InboundOutcome, InboundRow } from "./inbound-row.ts";

/** A late edit is looked for among so many messages before those that wait, and no further. */
const LATE_REACH = 200;

/**
 * The session is locked before its message, as in all other writes. So no turn of the session begins or ends until the
 * edit is committed.
 */
const LOCK = `
  SELECT m.id, m.session_id FROM users u
  JOIN sessions s ON s.user_id = u.id AND s.channel_id = u.channel_id AND s.status = 'active' AND s.address = $3
  JOIN messages m ON m.session_id = s.id AND m.seq > s.answered_seq - ${LATE_REACH} AND m.origin = 'user'
    AND m.reply_reference = $4
  WHERE u.channel_id = $1 AND u.identifier = $2 ORDER BY m.seq DESC LIMIT 1 FOR UPDATE OF s, m`;

/**
 * A message certainly waits in three cases. Nothing works on its session, an earlier message has to be answered first,
 * or the start of its turn would have closed it. A turn that has just begun may not be marked as running yet.
 */
const EDIT = `
  UPDATE messages m SET content = $2, payload = s.offer ->> $3, metadata = m.metadata || $4
  FROM sessions s JOIN agent_versions v ON v.agent_id = s.agent_id AND v.number = s.agent_version, executions e
  WHERE m.id = $1 AND s.id = m.session_id AND e.id = m.execution_id AND e.status = 'pending'
    AND e.cancel_requested_at IS NULL AND m.closed_at IS NULL AND m.listened_at IS NULL AND m.album_key IS NULL AND m.seq > s.answered_seq
    AND (s.lease_owner IS NULL OR s.lease_expires_at <= now() OR m.gather_until IS NOT NULL
      OR v.definition -> 'turns' ->> 'policy' = 'collect'
      OR EXISTS (SELECT 1 FROM messages w JOIN executions x ON x.id = w.execution_id
        WHERE w.session_id = s.id AND w.seq > s.answered_seq AND w.seq < m.seq AND x.status IN ('pending', 'running')))`;

/** The old words count, for the bot or for the person who answers. Only the time of the edit is kept, for the trail. */
const NOTE_LATE =
  "UPDATE messages SET metadata = metadata || jsonb_build_object('late_edit_at', $2::text) WHERE id = $1";

/**
 * Replaces the words of a message whose turn has not begun. Later, the message only gets the time of the edit. A
 * repeated event changes nothing.
 */
export async function editWaiting(client: PoolClient, row: InboundRow): Promise<InboundOutcome> {
  const { channelId, userIdentifier, address, replyReference } = row;
  if (replyReference === null) return { kind: "not_waiting" };
  // Held messages first: when its sender gets access, a message moves from the held ones to the stored ones.
  const requestId = await editHeld(
    client,
    { channelId, identifier: userIdentifier },
    heldEdit(row, replyReference),
  );
  if (requestId !== null) return { kind: "pending", requestId, planned: [] };
  const { rows } = await client.query<{ id: string; session_id: string }>(LOCK, [
    channelId,
    userIdentifier,
    address,
    replyReference,
  ]);
  const found = rows[0];
  if (found === undefined) return { kind: "not_waiting" };
  const keys = row.eventKeys.map((key) => `more:${key}`);
  if (!(await claimEvent(client, channelId, keys, found.id))) return { kind: "duplicate" };
  const { rowCount } = await client.query(EDIT, [
    found.id,
    row.content,
    row.choice,
    storableJson(row.metadata),
  ]);
  if (rowCount !== 1) {
    const { edited_at: at = new Date().toISOString() } = row.metadata;
    await client.query(NOTE_LATE, [found.id, String(at)]);
    return { kind: "not_waiting" };
  }
  // The session counts as changed, so that its lane reads the message again, and lists show it.
  await client.query("UPDATE sessions SET edited = true, updated_at = now() WHERE id = $1", [
    found.session_id,
  ]);
  return { kind: "joined", sessionId: found.session_id, messageId: found.id };
}

function heldEdit(
  { eventKeys, content, payload, choice, title, metadata }: InboundRow,
  replyReference: string,
) {
  const words = { content, payload, choice, title, metadata };
  return { replyReference, eventKeys, words, text: shortened(content, EXCERPT) };
}
