import type { PoolClient } from "pg";
import { newId } from "../core/ids.ts";
import type { ConversationRef } from "../core/message/inbound-message.ts";
import type { ChannelRef } from "../core/session/runtime.ts";
import type { JsonObject } from "../core/text/json.ts";
import { linkNext, openNext, openSession } from "./open-repository.ts";
import { sessionKey } from "./session-key.ts";

/*
 * Rules that choose the session of a message. On channels with one session per user, it is the user's open session.
 * On other channels it is the open session with the external key, such as a thread. If the user was handed to another
 * agent, that agent's session comes first. A call that names a completed session gets the session that follows it.
 *
 * Arriving messages follow the same rules, many at a time, in ingest/store-inbound-statement.ts.
 */

/** The user's open session on a channel; opens one if there is none. It is locked. */
export async function resolveSession(
  client: PoolClient,
  channel: ChannelRef,
  userId: string,
  { address, externalKey }: ConversationRef,
): Promise<string> {
  const single = channel.sessions === "single";
  const find = async () => {
    const { rows } = await client.query<{ id: string }>(
      `SELECT s.id FROM sessions s JOIN users u ON u.id = $2
       WHERE s.channel_id = $1 AND s.status = 'active' AND s.agent_id IN ($3, u.handed_to) AND ${sessionKey("s")} = $4
       ORDER BY s.agent_id = u.handed_to DESC NULLS LAST LIMIT 1 FOR UPDATE OF s`,
      [channel.id, userId, channel.agentId, single ? userId : externalKey],
    );
    return rows[0]?.id;
  };
  const known = await find();
  if (known !== undefined) return known;
  const { workspaceId, agentId, agentVersion, id: channelId } = channel;
  const session = { workspaceId, agentId, agentVersion, channelId, userId, single, externalKey, address };
  await openSession(client, { id: newId(), ...session });
  // If the user wrote at the same moment, the user's own session counts.
  const opened = await find();
  if (opened === undefined) throw new Error("a session was opened and is not there");
  return opened;
}

/** Locks and returns the most recently used open session of a user. `sessionId`: only this one counts. */
export async function lockLatestSession(
  client: PoolClient,
  of: { channelId: string; agentId: string; userId: string; sessionId: string | null },
): Promise<{ id: string; metadata: JsonObject } | null> {
  const { rows } = await client.query<{ id: string; metadata: JsonObject }>(
    `SELECT id, metadata FROM sessions WHERE status = 'active' AND channel_id = $1 AND agent_id = $2 AND user_id = $3
       AND ($4::text IS NULL OR id = $4)
     ORDER BY last_activity_at DESC, id DESC LIMIT 1 FOR UPDATE`,
    [of.channelId, of.agentId, of.userId, of.sessionId],
  );
  return rows[0] ?? null;
}

/** The open session that has a key, see `sessionKey`. */
export async function sessionOfKey(
  client: PoolClient,
  { channelId, agentId, key }: { channelId: string; agentId: string; key: string | null },
): Promise<string | null> {
  const { rows } = await client.query<{ id: string }>(
    `SELECT id FROM sessions s WHERE status = 'active' AND channel_id = $1 AND agent_id = $2 AND ${sessionKey("s")} = $3`,
    [channelId, agentId, key],
  );
  return rows[0]?.id ?? null;
}

/**
 * The open session that follows a completed one; opens it if there is none. Null: the session does not exist. It
 * follows the links under the lock of each session. So parallel messages to a completed session open only one.
 */
export async function successorOf(client: PoolClient, sessionId: string): Promise<string | null> {
  let id = sessionId;
  for (;;) {
    const { rows } = await client.query<{ status: string; next_id: string | null }>(
      "SELECT status, next_id FROM sessions WHERE id = $1 FOR UPDATE",
      [id],
    );
    const session = rows[0];
    if (!session) return null;
    if (session.status === "active") return id;
    const next = session.next_id;
    if (next === null || !(await exists(client, next))) return openSuccessor(client, id);
    id = next;
  }
}

/** The next session may be deleted by now. A separate query sees the one that was opened during the wait for the lock. */
async function exists(client: PoolClient, id: string): Promise<boolean> {
  const { rowCount } = await client.query("SELECT 1 FROM sessions WHERE id = $1", [id]);
  return rowCount === 1;
}

async function openSuccessor(client: PoolClient, sessionId: string): Promise<string | null> {
  const id = newId();
  if ((await openNext(client, sessionId, { id, keepsMetadata: "always" })) !== null) return id;
  const { rows } = await client.query<Parameters<typeof sessionOfKey>[1]>(
    `SELECT channel_id AS "channelId", agent_id AS "agentId", ${sessionKey("s")} AS key FROM sessions s WHERE id = $1`,
    [sessionId],
  );
  const other = rows[0] ? await sessionOfKey(client, rows[0]) : null;
  if (other !== null) await linkNext(client, sessionId, other);
  return other;
}
