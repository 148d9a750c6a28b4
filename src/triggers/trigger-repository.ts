import type { Pool, PoolClient } from "pg";
import { newId, stableId } from "../core/ids.ts";
import type { JsonObject } from "../core/json.ts";
import { mergePatch } from "../core/merge-patch.ts";
import type { ReplyLimits } from "../core/reply-parts.ts";
import type { ChannelRef } from "../core/runtime.ts";
import type { LaterSaying, Saying } from "../core/saying.ts";
import { storableJson } from "../core/text.ts";
import { ensureUser } from "../storage/ensure-user.ts";
import { mergeParticipantData } from "../storage/merge-participant-data.ts";
import { inTransaction } from "../storage/transaction.ts";
import { type Spoken, speak, spokenBefore } from "./speak-repository.ts";
import type { Deferred } from "./trigger-outcome.ts";

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
  /** The message itself waits until then; the session and the data do not. Null: it goes now. */
  notBefore: Date | null;
  /** The same key is carried out once, however often it is asked for. */
  key: string;
}

export interface TriggerRepositoryDeps {
  pool: Pool;
  /** Ends a session and opens the next one. */
  reset(client: PoolClient, session: { id: string; newSessionId: string }): Promise<unknown>;
  /** Puts down a message for later, once per id. */
  sayLater(client: PoolClient, message: LaterMessage): Promise<unknown>;
}

interface LaterMessage {
  id: string;
  workspaceId: string;
  agentId: string;
  channelId: string;
  userId: string;
  later: LaterSaying;
}

interface OpenSession {
  id: string;
  metadata: JsonObject;
}

/**
 * One transaction: the user exists, their session is open, the data is merged and the message is in it. Parallel
 * triggers for one user go one after the other.
 */
export function createTriggerRepository({ pool, reset, sayLater }: TriggerRepositoryDeps) {
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
      return { id: newSessionId, metadata: {} };
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
    /** What came of a trigger with this key before; null: there was none. */
    async before(trigger: Omit<Trigger, "notBefore">): Promise<Spoken | Deferred | null> {
      const client = await pool.connect();
      try {
        return (
          (await spokenBefore(client, trigger.channel.id, trigger.key)) ??
          (await deferredBefore(client, trigger))
        );
      } finally {
        client.release();
      }
    },

    run(trigger: Trigger): Promise<Spoken | Deferred> {
      return inTransaction(pool, async (client) => {
        const { channel, identifier } = trigger;
        await client.query("SELECT pg_advisory_xact_lock(hashtextextended($1, 7))", [
          `${channel.id}/${identifier}`,
        ]);
        const before =
          (await spokenBefore(client, channel.id, trigger.key)) ?? (await deferredBefore(client, trigger));
        if (before) return before;
        const userId = await ensureUser(client, channel, identifier);
        // Whose message this is, theirs is the answer to it.
        await client.query("UPDATE users SET handed_to = NULL WHERE id = $1 AND handed_to <> $2", [
          userId,
          trigger.agentId,
        ]);
        // The session is locked before the data, as a turn that ends does; the data is there before rules look at it.
        const open = await openSession(client, trigger, userId);
        if (Object.keys(trigger.participantData).length > 0) {
          await mergeParticipantData(client, { userId, agentId: trigger.agentId }, trigger.participantData);
        }
        const session = await sessionFor(client, trigger, userId, open);
        if (trigger.startNewSession || Object.keys(trigger.sessionData).length > 0) {
          await client.query("UPDATE sessions SET metadata = $2, updated_at = now() WHERE id = $1", [
            session.id,
            storableJson(mergePatch(session.metadata, trigger.sessionData)),
          ]);
        }
        if (trigger.notBefore) {
          const { notBefore: sendsAt, agentId, saying } = trigger;
          const id = deferredId(trigger);
          const { workspaceId, id: channelId } = channel;
          await sayLater(client, {
            id,
            workspaceId,
            agentId,
            channelId,
            userId,
            later: { at: sendsAt, saying },
          });
          return { kind: "deferred", sessionId: session.id, scheduleId: id, sendsAt };
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

function deferredId({ channel, key }: Pick<Trigger, "channel" | "key">): string {
  return stableId(`${channel.id}/${key}`);
}

/** A trigger that came in quiet hours, and comes again. */
async function deferredBefore(
  client: PoolClient,
  trigger: Omit<Trigger, "notBefore">,
): Promise<Deferred | null> {
  const scheduleId = deferredId(trigger);
  const { rows } = await client.query<{ starts_at: Date; session_id: string | null }>(
    `SELECT d.starts_at, (SELECT id FROM sessions s WHERE s.status = 'active' AND s.channel_id = d.channel_id
         AND s.agent_id = d.agent_id AND s.user_id = d.user_id ORDER BY last_activity_at DESC, id DESC LIMIT 1) AS session_id
     FROM schedules d WHERE d.id = $1`,
    [scheduleId],
  );
  const found = rows[0];
  return found
    ? { kind: "deferred", sessionId: found.session_id, scheduleId, sendsAt: found.starts_at }
    : null;
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
