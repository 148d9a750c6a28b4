import type { Pool } from "pg";
import { newId } from "../core/ids.ts";
import type { ChannelRef } from "../core/runtime.ts";
import { inTransaction } from "../storage/transaction.ts";
import { completeSession, type EndReason, resetSession } from "./session-repository.ts";

export interface SessionControlDeps {
  pool: Pool;
  /** The channel a session lives on, with how its texts are cut. Null while it does not run. */
  channel(channelId: string): (ChannelRef & { split(text: string): string[] }) | null;
  /** Moves committed deliveries on. */
  deliver(channelId: string, deliveryIds: readonly string[]): void;
  /** Tells whoever watches a session. */
  notify(channelId: string, sessionId: string): void;
}

export interface SessionControl {
  /** False: it was completed already. */
  end(session: ControlledSession, reason: EndReason, triggerEvents: boolean): Promise<boolean>;
  /**
   * Completes a session and opens the next one under `newSessionId`. False: it was completed already, by something
   * else than this very reset.
   */
  reset(
    session: ControlledSession,
    options: { reason: EndReason; triggerEvents: boolean; newSessionId: string },
  ): Promise<boolean>;
  /** Sends literal text as the first message of a session. Nothing happens if something was said there before. */
  openWith(sessionId: string, channelId: string, text: string): Promise<void>;
}

export interface ControlledSession {
  id: string;
  workspaceId: string;
  channelId: string;
}

/** What operators do to conversations. */
export function createSessionControl(deps: SessionControlDeps): SessionControl {
  const { pool } = deps;
  return {
    async end(session, reason, triggerEvents) {
      const end = { sessionId: session.id, reason, authority: "any" as const, triggerEvents };
      const ended = await completeSession(pool, end);
      deps.notify(session.channelId, session.id);
      return ended !== null;
    },

    async reset(session, { reason, triggerEvents, newSessionId }) {
      const opened = await resetSession(pool, {
        sessionId: session.id,
        reason,
        authority: "any",
        triggerEvents,
        agentVersion: null,
        newSessionId,
        commandSeq: null,
        notice: null,
        lease: null,
      });
      deps.notify(session.channelId, session.id);
      return opened !== null || (await follows(pool, session.id, newSessionId));
    },

    async openWith(sessionId, channelId, text) {
      const channel = deps.channel(channelId);
      const parts = channel ? channel.split(text) : [];
      const deliveryIds = await inTransaction(pool, async (client) => {
        const { rows } = await client.query<{ workspace_id: string; address: string | null }>(
          "UPDATE sessions SET next_seq = 2, updated_at = now(), last_activity_at = now() WHERE id = $1 AND next_seq = 1 RETURNING workspace_id, address",
          [sessionId],
        );
        const session = rows[0];
        if (!session) return [];
        const messageId = newId();
        await client.query(
          `INSERT INTO messages (id, session_id, seq, turn_seq, role, origin, content)
           VALUES ($1, $2, 1, 1, 'assistant', 'operator', $3)`,
          [messageId, sessionId, text],
        );
        const deliveries = parts.map((content, part) => ({ id: newId(), part, content }));
        await client.query(
          `INSERT INTO deliveries (id, workspace_id, channel_id, session_id, message_id, address, part, content)
           SELECT d.id, $1, $2, $3, $4, $5, d.part, d.content
           FROM json_to_recordset($6) AS d(id text, part int, content text) ORDER BY d.part`,
          [
            session.workspace_id,
            channelId,
            sessionId,
            messageId,
            session.address ?? sessionId,
            JSON.stringify(deliveries),
          ],
        );
        return deliveries.map((delivery) => delivery.id);
      });
      if (deliveryIds.length > 0) deps.deliver(channelId, deliveryIds);
      deps.notify(channelId, sessionId);
    },
  };
}

/** Whether a session was reset into this one before: the same request, repeated. */
async function follows(pool: Pool, sessionId: string, newSessionId: string): Promise<boolean> {
  const { rowCount } = await pool.query("SELECT 1 FROM sessions WHERE id = $1 AND next_id = $2", [
    sessionId,
    newSessionId,
  ]);
  return rowCount === 1;
}
