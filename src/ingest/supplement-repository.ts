import { createHash } from "node:crypto";
import type { PoolClient } from "pg";
import { addFiles } from "../attachments/add-files-repository.ts";
import { readReferences, type StoredReference } from "../core/message/message-context.ts";
import { storableJson } from "../core/text/text.ts";
import type { InboundRow } from "./inbound-row.ts";

/** A stored message that another event of the same key adds to. */
export interface Supplemented {
  messageId: string;
  sessionId: string;
  /** True if its turn has not begun. */
  isOpen: boolean;
  /** The references that the message already has. */
  references: readonly StoredReference[];
  /** The content that the event adds. Its key makes repeated events the same one. */
  added: Pick<InboundRow, "attachments" | "context" | "content" | "eventKeys">;
}

/** The message that this event repeats, if the event adds anything to it. */
export async function findSupplemented(client: PoolClient, row: InboundRow): Promise<Supplemented | null> {
  const { rows } = await client.query<{
    id: string;
    session_id: string;
    is_open: boolean;
    is_edited: boolean;
    content: string;
    message_references: unknown;
  }>(
    `SELECT m.id, m.session_id, m.content, m.message_references, m.metadata ? 'edited_at' AS is_edited,
       m.gather_until IS NOT NULL AND m.closed_at IS NULL AND m.seq > s.answered_seq AND s.status = 'active' AS is_open
     FROM messages m JOIN sessions s ON s.id = m.session_id
     WHERE m.id IN (SELECT message_id FROM inbound_events WHERE channel_id = $1 AND event_key = ANY($2))
     ORDER BY m.seq FOR UPDATE OF s, m`,
    [row.channelId, row.eventKeys],
  );
  const [message, ...followed] = rows;
  if (message === undefined) return null;
  const { rows: files } = await client.query<{ platform_id: string }>(
    "SELECT platform_id FROM attachments WHERE message_id = ANY($1) AND platform_id IS NOT NULL",
    [rows.map(({ id }) => id)],
  );
  const known = new Set(files.map((file) => file.platform_id));
  const attachments = row.attachments.filter(({ platformId }) => !known.has(platformId));
  const pointed = new Set(rows.flatMap((found) => readReferences(found.message_references)).map(nameOf));
  const references = (row.context?.references ?? []).filter((reference) => !pointed.has(nameOf(reference)));
  // Once the user has rewritten the message, another event may still have the old text.
  const content = message.is_edited ? "" : restOf(row.content, message.content, followed);
  if (attachments.length === 0 && references.length === 0 && content === "") return null;
  const names = attachments.map((file) => file.platformId);
  return {
    messageId: message.id,
    sessionId: message.session_id,
    isOpen: message.is_open,
    references: readReferences(message.message_references),
    added: {
      attachments,
      context: row.context && { ...row.context, references },
      content,
      eventKeys: [`more:${digest([row.eventKeys.at(-1), names, references, content])}`],
    },
  };
}

/**
 * The text after the stored one in a longer text (a table below the message). Empty if that text has already followed.
 */
function restOf(content: string, stored: string, followed: readonly { content: string }[]): string {
  const rest = content.startsWith(stored) ? content.slice(stored.length).trim() : "";
  return followed.some((found) => found.content === rest) ? "" : rest;
}

const nameOf = ({ kind, externalId, author, text }: StoredReference) =>
  JSON.stringify([kind, externalId, author, text]);

/** Adds to a message whose turn has not begun. */
export async function addToMessage(client: PoolClient, found: Supplemented, row: InboundRow): Promise<void> {
  const references = found.added.context?.references ?? [];
  if (references.length > 0)
    await client.query("UPDATE messages SET message_references = $2 WHERE id = $1", [
      found.messageId,
      storableJson([...found.references, ...references]),
    ]);
  if (found.added.content !== "")
    await client.query("UPDATE messages SET content = $2 WHERE id = $1", [found.messageId, row.content]);
  await addFiles(client, { ...found, workspaceId: row.workspaceId }, found.added.attachments);
}

function digest(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 32);
}
