import type { Pool } from "pg";
import { newId } from "../core/ids.ts";
import type { ReplyLimits } from "../core/message/reply-parts.ts";
import type { ChannelRef } from "../core/session/runtime.ts";
import { inTransaction } from "../storage/transaction.ts";
import { appendDeliveries, appendMessage } from "./append-repository.ts";
import { completeSession, type EndReason } from "./end-repository.ts";
import { resetSession } from "./reset-repository.ts";

export interface SessionControlDeps {
  pool: Pool;
  /** The channel of a session, with its function that splits texts. Null while it does not run. */
  channel(channelId: string): (ChannelRef & Pick<ReplyLimits, "split">) | null;
  /** Starts the sending of committed deliveries. */
  deliver(channelId: string, deliveryIds: readonly string[]): void;
  /** Notifies the followers of a session. */
  notify(channelId: string, sessionId: string): void;
}

export interface SessionControl {
  /** False: it was completed already. */
  end(session: ControlledSession, reason: EndReason, triggerEvents: boolean): Promise<boolean>;
  /**
   * Completes a session and opens the next one under `newSessionId`. False: it was completed already, but not by this
   * same reset.
   */
  reset(
    session: ControlledSession,
    options: { reason: EndReason; triggerEvents: boolean; newSessionId: string },
  ): Promise<boolean>;
  /**
   * Sends a text, exactly as written, as the first message of a session. Does nothing if the session has messages
   * already.
   */
  openWith(sessionId: string, channelId: string, text: string): Promise<void>;
}

export interface ControlledSession {
  id: string;
  workspaceId: string;
  channelId: string;
}

/** Operations of operators on sessions. */
export function createSessionControl(deps: SessionControlDeps): SessionControl {
  const { pool } = deps;
  return {
    async end(session, reason, triggerEvents) {
      const ended = await completeSession(pool, { sessionId: session.id, reason, triggerEvents });
      deps.notify(session.channelId, session.id);
      return ended !== null;
    },

    async reset(session, { reason, triggerEvents, newSessionId }) {
      const opened = await resetSession(pool, {
        sessionId: session.id,
        reason,
        triggerEvents,
        newSessionId,
      });
      deps.notify(session.channelId, session.id);
      return opened !== null || (await follows(pool, session.id, newSessionId));
    },

    async openWith(sessionId, channelId, text) {
      const channel = deps.channel(channelId);
      const parts = channel ? channel.split(text, "text") : [];
      const deliveryIds = await inTransaction(pool, async (client) => {
        const { rowCount } = await client.query(
          "SELECT 1 FROM sessions WHERE id = $1 AND next_seq = 1 FOR UPDATE",
          [sessionId],
        );
        if (rowCount === 0) return [];
        const stored = await appendMessage(client, sessionId, {
          id: newId(),
          origin: "operator",
          content: text,
          format: "text",
        });
        return appendDeliveries(
          client,
          stored,
          parts.map((content) => ({ content, buttons: null })),
          { format: "text" },
        );
      });
      if (deliveryIds.length > 0) deps.deliver(channelId, deliveryIds);
      deps.notify(channelId, sessionId);
    },
  };
}

/** Returns true if the session was already reset into this one, so the same request came twice. */
async function follows(pool: Pool, sessionId: string, newSessionId: string): Promise<boolean> {
  const { rowCount } = await pool.query("SELECT 1 FROM sessions WHERE id = $1 AND next_id = $2", [
    sessionId,
    newSessionId,
  ]);
  return rowCount === 1;
}
