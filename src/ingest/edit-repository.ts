import type { PoolClient } from "pg";
import { editHeld, type HeldEdit } from "../access/requests-repository.ts";
import { shortened, storableJson } from "../core/text/text.ts";
import { claimEvent } from "../sessions/event-keys-repository.ts";
import { EXCERPT } from "./access-repository.ts";
import { keepEarlyEdit } from "./early-edit-repository.ts";
import type { InboundOutcome, InboundRow } from "./inbound-row.ts";

/** A late edit is looked for among so many messages before those that wait, and no further. */
const LATE_REACH = 200;

/**
 * The session is locked before its message, as in all other writes. So no turn of the session begins or ends until the
 * edit is committed.
 */
const BY_REFERENCE = `
  SELECT m.id, m.session_id, m.metadata ->> 'edited_at' AS edited_at FROM users u
  JOIN sessions s ON s.user_id = u.id AND s.channel_id = u.channel_id AND s.status = 'active' AND s.address = $3
  JOIN messages m ON m.session_id = s.id AND m.seq > s.answered_seq - ${LATE_REACH} AND m.origin = 'user'
    AND m.reply_reference = $4
  WHERE u.channel_id = $1 AND u.identifier = $2 ORDER BY m.seq DESC LIMIT 1 FOR UPDATE OF s, m`;
const BY_EVENT = `
  SELECT m.id, m.session_id, m.metadata ->> 'edited_at' AS edited_at FROM inbound_events e
  JOIN messages m ON m.id = e.message_id AND m.origin = 'user' JOIN sessions s ON s.id = m.session_id
  WHERE e.channel_id = $1 AND e.event_key = $2 FOR UPDATE OF s, m`;

/**
 * A message certainly waits in three cases: nothing works on its session, an earlier message must be answered first, or
 * the start of its turn would have closed it. A turn that has just begun may not be marked as running yet.
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
 * Replaces the words of a message whose turn has not begun. Later, the message only gets the time of the edit. If the
 * message is unknown, the edit waits for it. A repeated event changes nothing, nor does an older edit after a newer one.
 */
export async function editWaiting(client: PoolClient, row: InboundRow): Promise<InboundOutcome> {
  const { channelId, userIdentifier: identifier } = row;
  // Held messages first: when its sender gets access, a message moves from the held ones to the stored ones.
  const held = heldEdit(row);
  const requestId = held && (await editHeld(client, { channelId, identifier }, held));
  if (requestId !== null) return { kind: "pending", requestId, planned: [] };
  const found = await lockEdited(client, row);
  if (found === undefined) return { kind: (await keepEarlyEdit(client, row)) ? "held" : "not_waiting" };
  const keys = row.eventKeys.map((key) => `more:${key}`);
  if (!(await claimEvent(client, channelId, keys, found.id))) return { kind: "duplicate" };
  if (isOlder(row, found.edited_at)) return { kind: "not_waiting" };
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

interface Edited {
  id: string;
  session_id: string;
  /** The time of its newest edit. */
  edited_at: string | null;
}

/** The edited message, locked with its session; undefined if it is not stored. */
async function lockEdited(client: PoolClient, row: InboundRow): Promise<Edited | undefined> {
  const { channelId, userIdentifier, address, replyReference, gathering } = row;
  const [text, values] =
    typeof gathering?.edits === "object"
      ? [BY_EVENT, [channelId, gathering.edits.eventKey]]
      : [BY_REFERENCE, [channelId, userIdentifier, address, replyReference]];
  const { rows } = await client.query<Edited>(text, values);
  return rows[0];
}

/** Platforms may deliver two edits in the other order. Their times are texts that sort by time. */
function isOlder({ metadata: { edited_at: at } }: InboundRow, newest: string | null): boolean {
  return typeof at === "string" && newest !== null && at < newest;
}

/** The edit of a held message; null if it names no message. */
export function heldEdit(row: InboundRow): HeldEdit | null {
  const { eventKeys, content, payload, choice, title, metadata, replyReference, gathering } = row;
  const words = { content, payload, choice, title, metadata };
  const edit = { eventKeys, words, text: shortened(content, EXCERPT) };
  if (typeof gathering?.edits === "object") return { ...edit, of: { eventKeys: [gathering.edits.eventKey] } };
  return replyReference === null ? null : { ...edit, of: { replyReference } };
}
