import type { PoolClient } from "pg";
import { newId } from "../core/ids.ts";
import type { ReplyLimits } from "../core/message/reply-parts.ts";
import { HANDOFF_CODE, type HandoffSettings } from "../core/session/handoff-settings.ts";
import { storableText } from "../core/text/text.ts";
import { appendMessage } from "../sessions/append-repository.ts";
import type { Person } from "./handoff.ts";
import {
  type HandoffRow,
  holds,
  type LockedSession,
  lockSession,
  readHandoff,
} from "./handoff-rows-repository.ts";
import { type Changed, changed } from "./request-repository.ts";
import { say } from "./say-repository.ts";
import { holderOf, type Refused } from "./take-and-reply-repository.ts";

export interface Release {
  sessionId: string;
  /** Null: the handoff ends because people were silent for too long. */
  by: Person | null;
  /** `now`: the bot answers waiting messages at once. `next`: the bot answers the next message. */
  resume: "next" | "now";
  /** An instruction to the bot, which it carries out at once. */
  prompt: string | null;
  /** The person's last words. */
  text: string | null;
  settings: HandoffSettings;
  limits: ReplyLimits;
}

/** Ends a handoff, so that the bot answers again. Its history has everything that was said meanwhile. */
export async function releaseHandoff(
  client: PoolClient,
  release: Release,
): Promise<({ kind: "released" } & Changed) | Refused> {
  const session = await lockSession(client, release.sessionId);
  if (!session) return { kind: "session_gone" };
  const { handoff } = session;
  const { by } = release;
  if (!handoff || (by === null && !(await isIdle(client, handoff.id)))) return { kind: "no_handoff" };
  if (by !== null && handoff.state === "taken" && !holds(handoff, by)) {
    return { kind: "held", holder: holderOf(handoff) };
  }
  const deliveryIds = await sayGoodbye(client, session, handoff, release);
  await client.query(
    `UPDATE handoffs h SET state = 'released', release_reason = $2, released_at = now(), idle_at = NULL,
       until_seq = s.next_seq FROM sessions s WHERE h.id = $1 AND s.id = h.session_id`,
    [handoff.id, by === null ? "idle" : "released"],
  );
  // This frees the lane. A process that held it for a reset loses it to the next one.
  await client.query(
    `UPDATE sessions SET handoff_id = NULL, lease_token = lease_token + 1, lease_owner = NULL, lease_expires_at = NULL,
       updated_at = now() WHERE id = $1`,
    [session.id],
  );
  if (release.resume === "now") {
    await askForWhatWaits(client, { handoff, saidBefore: session.nextSeq, settings: release.settings });
  }
  if (release.prompt !== null) {
    const content = storableText(release.prompt);
    await appendMessage(client, session.id, { id: newId(), origin: "instruction", content });
  }
  const { rows } = await client.query<{ waits: boolean }>(
    "SELECT inbound_seq > answered_seq AS waits FROM sessions WHERE id = $1",
    [session.id],
  );
  const moved = { deliveryIds, waits: rows[0]?.waits ?? false };
  return { kind: "released", ...changed(await readHandoff(client, handoff.id), session, moved) };
}

async function isIdle(client: PoolClient, id: string): Promise<boolean> {
  const { rowCount } = await client.query("SELECT 1 FROM handoffs WHERE id = $1 AND idle_at <= now()", [id]);
  return rowCount === 1;
}

/** The person's last words, and then the agent's own text. */
async function sayGoodbye(
  client: PoolClient,
  session: LockedSession,
  handoff: HandoffRow,
  { text, by, settings, limits }: Release,
): Promise<string[]> {
  const author =
    handoff.holder_name === null && by !== null
      ? { name: by.name ?? by.via, via: by.via }
      : holderOf(handoff);
  const words = text === null ? [] : [{ origin: "operator" as const, content: text, author }];
  const { released, back } = settings.texts;
  const notices = [released, back]
    .filter((content) => content !== null)
    .map((content) => ({ origin: "notice" as const, content, author: null }));
  const deliveryIds: string[] = [];
  for (const said of [...words, ...notices]) {
    deliveryIds.push(...(await say(client, session, { ...said, messageId: newId() }, limits)));
  }
  return deliveryIds;
}

/**
 * Asks the bot to answer the messages that nobody answered. They follow the person's last words before the goodbye, or
 * the begin of the handoff. The message that asked for a person, and messages after a reset, are left out.
 */
async function askForWhatWaits(
  client: PoolClient,
  { handoff, saidBefore, settings }: { handoff: HandoffRow; saidBefore: number; settings: HandoffSettings },
): Promise<void> {
  await client.query(
    `WITH bounds AS (
       SELECT greatest($2::int, coalesce((SELECT max(seq) + 1 FROM messages
           WHERE session_id = $1 AND seq >= $2 AND seq < $6 AND origin = 'operator' AND author ? 'via'), 0)) AS first,
         coalesce((SELECT min(m.seq) FROM messages m JOIN sessions s ON s.id = m.session_id
           WHERE m.session_id = $1 AND m.seq > s.answered_seq AND m.origin = 'command'), 2147483647) AS last),
     waiting AS MATERIALIZED (
       SELECT m.id, m.seq, new_ksuid() AS run_id FROM bounds b JOIN messages m ON m.session_id = $1
         AND m.seq >= b.first AND m.seq < b.last AND m.origin = 'user'
       LEFT JOIN executions e ON e.id = m.execution_id
       WHERE (m.execution_id IS NULL OR e.error_code = '${HANDOFF_CODE}') AND m.id IS DISTINCT FROM $3
         AND lower(btrim(m.content)) <> ALL($4)),
     runs AS (
       INSERT INTO executions (id, workspace_id, session_id, user_message_id, seq)
       SELECT run_id, $5, $1, id, seq FROM waiting),
     asked AS (UPDATE messages m SET execution_id = w.run_id FROM waiting w WHERE m.id = w.id)
     UPDATE sessions s SET inbound_seq = greatest(s.inbound_seq, w.newest), answered_seq = w.oldest - 1, waits = true
     FROM (SELECT min(seq) AS oldest, max(seq) AS newest FROM waiting) w WHERE s.id = $1 AND w.oldest IS NOT NULL`,
    [
      handoff.session_id,
      handoff.from_seq,
      handoff.message_id,
      settings.userWords,
      handoff.workspace_id,
      saidBefore,
    ],
  );
}
