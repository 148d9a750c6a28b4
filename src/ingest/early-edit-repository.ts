import type { Pool, PoolClient } from "pg";
import type { JsonObject } from "../core/text/json.ts";
import { storableJson } from "../core/text/text.ts";
import type { InboundOutcome, InboundRow } from "./inbound-row.ts";

type Accepted = Extract<InboundOutcome, { kind: "accepted" }>;

/** Platforms repeat a message that was not taken for about a day. */
const KEPT_MS = 24 * 60 * 60_000;

export interface EarlyEdit {
  channel_id: string;
  original: string;
  row: InboundRow;
}

/** Keeps an edit until its message arrives. Of several edits the newest one is kept. False: its message is too old. */
export async function keepEarlyEdit(client: PoolClient, row: InboundRow): Promise<boolean> {
  const original = originalOf(row);
  const sentAt = row.context?.sentAt ?? null;
  if (original === null || (sentAt !== null && Date.now() - new Date(sentAt).getTime() > KEPT_MS))
    return false;
  await client.query(
    `INSERT INTO early_edits AS e (channel_id, original, identifier, "row") VALUES ($1, $2, $3, $4)
     ON CONFLICT (channel_id, original) DO UPDATE SET "row" = EXCLUDED."row"
     WHERE NOT coalesce(e."row" #>> '{metadata,edited_at}' > EXCLUDED."row" #>> '{metadata,edited_at}', false)`,
    [row.channelId, original, row.userIdentifier, storableJson(row)],
  );
  return true;
}

/** Names the edited message as the statement that stores messages does. */
function originalOf({ gathering, address, replyReference }: InboundRow): string | null {
  if (typeof gathering?.edits === "object") return gathering.edits.eventKey;
  return replyReference === null ? null : `${address}/${replyReference}`;
}

/**
 * The kept edit of a message that was just stored. The message changes in the same statement that forgets the edit, and
 * a repetition of the edit counts as known.
 */
const APPLY = `
  WITH taken AS (
    DELETE FROM early_edits WHERE channel_id = $1 AND original = ANY($2) RETURNING "row"),
  noted AS (
    INSERT INTO inbound_events (channel_id, event_key, message_id)
    SELECT $1, 'more:' || k.key, $3 FROM taken t
    CROSS JOIN LATERAL jsonb_array_elements_text(t."row" -> 'eventKeys') AS k(key) ON CONFLICT DO NOTHING)
  UPDATE messages m SET content = t."row" ->> 'content', payload = s.offer ->> (t."row" ->> 'choice'),
    metadata = m.metadata || (t."row" -> 'metadata')
  FROM taken t, sessions s WHERE m.id = $3 AND s.id = m.session_id RETURNING m.content, m.payload, m.metadata`;

/**
 * Gives a message that was just stored the words of its early edit. Nobody has read it yet: either the caller's
 * transaction is open, or the message was stored by the statement that took the lane.
 */
export async function applyEarlyEdit(
  client: Pool | PoolClient,
  row: InboundRow,
  outcome: Accepted,
): Promise<InboundOutcome> {
  const { rows } = await client.query<{ content: string; payload: string | null; metadata: JsonObject }>(
    APPLY,
    [row.channelId, namesOf(row), row.messageId],
  );
  const edited = rows[0];
  if (edited === undefined) return outcome;
  const { content, payload, metadata } = edited;
  return { ...outcome, payload, storedAs: { ...row, content, payload, metadata } };
}

/** The kept edit of a message that gets its words in another way. It is no longer kept. */
export async function takeEarlyEdit(client: PoolClient, row: InboundRow): Promise<InboundRow | null> {
  const { rows } = await client.query<{ row: InboundRow }>(
    `DELETE FROM early_edits WHERE channel_id = $1 AND original = ANY($2) RETURNING "row"`,
    [row.channelId, namesOf(row)],
  );
  return rows[0]?.row ?? null;
}

/** The kept edit of a message. It stays kept. */
export async function findEarlyEdit(client: PoolClient, row: InboundRow): Promise<EarlyEdit | null> {
  const { rows } = await client.query<EarlyEdit>(
    `SELECT channel_id, original, "row" FROM early_edits WHERE channel_id = $1 AND original = ANY($2)`,
    [row.channelId, namesOf(row)],
  );
  return rows[0] ?? null;
}

function namesOf({ address, replyReference, eventKeys }: InboundRow): readonly string[] {
  return replyReference === null ? eventKeys : [`${address}/${replyReference}`];
}

/** Deletes edits whose messages never came. */
export async function forgetEarlyEdits(pool: Pool): Promise<void> {
  await pool.query("DELETE FROM early_edits WHERE received_at < now() - $1::int * interval '1 millisecond'", [
    KEPT_MS,
  ]);
}
