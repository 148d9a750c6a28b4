import type { PoolClient } from "pg";
import { newId } from "../core/ids.ts";
import { oneLine, shortened } from "../core/text/text.ts";

/** Number of messages on a card. */
const SHOWN = 10;
/** Limits in characters. Together a card fits one message of every platform. */
const LIMITS = { name: 80, reason: 300, note: 500, line: 180 };
const HOW_TO =
  'Write in this thread to answer the user. Words that begin with "//" stay here. ' +
  "Commands: !take, !release, and !release now, which also answers what waits.";

interface CardFacts {
  agent: string;
  channel: string;
  user: string | null;
  reason: string | null;
  note: string | null;
}

/** Plans the card of a handoff with a desk. The commit that requests the handoff contains it. */
export async function planCard(client: PoolClient, handoffId: string): Promise<void> {
  const { rows } = await client.query<CardFacts>(
    `SELECT a.slug AS agent, c.name AS channel, coalesce(u.name, u.identifier) AS user, h.reason, h.note
     FROM handoffs h JOIN sessions s ON s.id = h.session_id JOIN agents a ON a.id = s.agent_id
     JOIN channels c ON c.id = s.channel_id LEFT JOIN users u ON u.id = s.user_id
     WHERE h.id = $1 AND h.desk_channel_id IS NOT NULL`,
    [handoffId],
  );
  const facts = rows[0];
  if (!facts) return;
  const content = cardText(facts, await lastMessages(client, handoffId));
  await client.query(
    `INSERT INTO deliveries (id, workspace_id, channel_id, session_id, message_id, handoff_id, desk_part, address,
       content, format)
     SELECT $2, workspace_id, desk_channel_id, session_id, message_id, id, 'card', 'desk:' || id, $3, 'text' FROM handoffs WHERE id = $1`,
    [handoffId, newId(), content],
  );
}

interface CardMessage {
  role: string;
  content: string;
  author: string | null;
  files: number;
}

/** The newest messages by the user or to the user, oldest first. */
async function lastMessages(client: PoolClient, handoffId: string): Promise<CardMessage[]> {
  const { rows } = await client.query<CardMessage>(
    `SELECT m.role, m.content, m.author->>'name' AS author,
       (SELECT count(*)::int FROM attachments a WHERE a.message_id = m.id) AS files
     FROM handoffs h JOIN messages m ON m.session_id = h.session_id
     WHERE h.id = $1 AND m.role IN ('user', 'assistant') AND m.origin <> 'notice'
     ORDER BY m.seq DESC LIMIT ${SHOWN}`,
    [handoffId],
  );
  return rows.reverse();
}

function cardText(
  { agent, channel, user, reason, note }: CardFacts,
  messages: readonly CardMessage[],
): string {
  const name = oneLine(user ?? "User", LIMITS.name);
  const about = [
    "A person is asked for.",
    `User: ${name} (${channel})`,
    `Agent: ${agent}`,
    ...(reason === null ? [] : [`Reason: ${oneLine(reason, LIMITS.reason)}`]),
    ...(note === null ? [] : [`Summary: ${shortened(note.trim(), LIMITS.note)}`]),
  ];
  const said = messages.map(({ role, content, author, files }) => {
    const words = oneLine(content, LIMITS.line);
    const more = files === 0 ? "" : ` [${files} ${files === 1 ? "file" : "files"}]`;
    return `${author ?? (role === "user" ? name : "Assistant")}: ${words}${more}`;
  });
  return [about.join("\n"), ...(said.length === 0 ? [] : [said.join("\n")]), HOW_TO].join("\n\n");
}
