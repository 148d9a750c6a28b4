import type { Pool, PoolClient } from "pg";
import { newId } from "../core/ids.ts";
import type { JsonObject } from "../core/json.ts";
import { mergePatch } from "../core/merge-patch.ts";
import type { ReplyLimits } from "../core/reply-parts.ts";
import type { ChannelRef } from "../core/runtime.ts";
import type { Saying } from "../core/saying.ts";
import { storableJson } from "../core/text.ts";
import { inTransaction } from "../storage/transaction.ts";
import { type Spoken, speak, spokenBefore } from "./speak-repository.ts";

/** Somebody makes the bot message a user. */
export interface Trigger {
  channel: ChannelRef & ReplyLimits;
  agentId: string;
  identifier: string;
  saying: Saying;
  startNewSession: boolean;
  /** Merge patches (RFC 7396). */
  sessionData: JsonObject;
  participantData: JsonObject;
  metadata: JsonObject;
  /** The same key is carried out once, however often it is asked for. */
  key: string;
}

export interface TriggerRepositoryDeps {
  pool: Pool;
  /** Ends a session and opens the next one. */
  reset(client: PoolClient, session: { id: string; newSessionId: string }): Promise<unknown>;
}

interface OpenSession {
  id: string;
  metadata: JsonObject;
}

/**
 * One transaction: the user exists, their session is open, the data is merged and the message is in it. Parallel
 * triggers for one user go one after the other.
 */
export function createTriggerRepository({ pool, reset }: TriggerRepositoryDeps) {
  async function sessionFor(
    client: PoolClient,
    trigger: Trigger,
    userId: string,
    open: OpenSession | null,
  ): Promise<OpenSession> {
    if (open && !trigger.startNewSession) return open;
    if (open) {
      const newSessionId = newId();
      await reset(client, { id: open.id, newSessionId });
      return { id: newSessionId, metadata: open.metadata };
    }
    await client.query(
      `INSERT INTO sessions (id, workspace_id, agent_id, agent_version, channel_id, user_id, single, address)
       SELECT $1, $2, a.id, a.current_version, $4, $5, $6, $7 FROM agents a WHERE a.id = $3
       ON CONFLICT DO NOTHING`,
      [
        newId(),
        trigger.channel.workspaceId,
        trigger.agentId,
        trigger.channel.id,
        userId,
        trigger.channel.sessions === "single",
        // Elsewhere the session itself is the address.
        trigger.channel.sessions === "single" || trigger.channel.addressesUsers ? trigger.identifier : null,
      ],
    );
    // Where the user wrote at the same instant, theirs is the session.
    const opened = await openSession(client, trigger, userId);
    if (!opened) throw new Error("a session was opened and is not there");
    return opened;
  }

  return {
    run(trigger: Trigger): Promise<Spoken> {
      return inTransaction(pool, async (client) => {
        const { channel, identifier } = trigger;
        await client.query("SELECT pg_advisory_xact_lock(hashtextextended($1, 7))", [
          `${channel.id}/${identifier}`,
        ]);
        const before = await spokenBefore(client, channel.id, trigger.key);
        if (before) return before;
        const userId = await userOf(client, channel, identifier);
        // The session is locked before the data, as a turn that ends does; the data is there before rules look at it.
        const open = await openSession(client, trigger, userId);
        await mergeData(client, userId, trigger);
        const session = await sessionFor(client, trigger, userId, open);
        if (Object.keys(trigger.sessionData).length > 0) {
          await client.query("UPDATE sessions SET metadata = $2, updated_at = now() WHERE id = $1", [
            session.id,
            storableJson(mergePatch(session.metadata, trigger.sessionData)),
          ]);
        }
        const spoken = await speak(client, {
          sessionId: session.id,
          key: trigger.key,
          saying: trigger.saying,
          metadata: trigger.metadata,
          unlessUserWroteAfter: null,
          limits: channel,
        });
        if (spoken.kind !== "spoken") throw new Error("the session of a trigger was deleted meanwhile");
        return spoken;
      });
    },

    /** Says something in a session that is known, in a transaction of its own. */
    say: (request: Parameters<typeof speak>[1]) => inTransaction(pool, (client) => speak(client, request)),
  };
}

async function userOf(client: PoolClient, channel: ChannelRef, identifier: string): Promise<string> {
  await client.query(
    `INSERT INTO users (id, workspace_id, channel_id, identifier) VALUES ($1, $2, $3, $4)
     ON CONFLICT (channel_id, identifier) DO NOTHING`,
    [newId(), channel.workspaceId, channel.id, identifier],
  );
  const { rows } = await client.query<{ id: string }>(
    "SELECT id FROM users WHERE channel_id = $1 AND identifier = $2",
    [channel.id, identifier],
  );
  const id = rows[0]?.id;
  if (id === undefined) throw new Error("a user was made and is not there");
  return id;
}

/** The newest of the user's open sessions, locked. */
async function openSession(
  client: PoolClient,
  { channel, agentId }: Trigger,
  userId: string,
): Promise<OpenSession | null> {
  const { rows } = await client.query<OpenSession>(
    `SELECT id, metadata FROM sessions WHERE status = 'active' AND channel_id = $1 AND agent_id = $2 AND user_id = $3
     ORDER BY last_activity_at DESC, id DESC LIMIT 1 FOR UPDATE`,
    [channel.id, agentId, userId],
  );
  return rows[0] ?? null;
}

async function mergeData(client: PoolClient, userId: string, trigger: Trigger): Promise<void> {
  if (Object.keys(trigger.participantData).length === 0) return;
  const key = [userId, trigger.agentId];
  await client.query(
    "INSERT INTO participant_data (user_id, agent_id, revision) VALUES ($1, $2, 0) ON CONFLICT DO NOTHING",
    key,
  );
  const { rows } = await client.query<{ data: JsonObject }>(
    "SELECT data FROM participant_data WHERE user_id = $1 AND agent_id = $2 FOR UPDATE",
    key,
  );
  await client.query(
    `UPDATE participant_data SET data = $3, revision = revision + 1, updated_at = now()
     WHERE user_id = $1 AND agent_id = $2`,
    [...key, storableJson(mergePatch(rows[0]?.data ?? {}, trigger.participantData))],
  );
}
