import type { Pool } from "pg";

/** The kind of a delivery to a desk: the card, its change to a state, or a text in the thread. */
export type DeskPart = "card" | "taken" | "released" | "words";

/** The present state of a handoff's thread. */
export interface DeskThread {
  conversation: string;
  /** The address of the thread, and the external id of its card. Null: not posted yet. */
  thread: string | null;
  card: string | null;
  /** The name of the user. */
  title: string;
}

/** The threads that deliveries to desks go to. */
export function createDeskDeliveries(pool: Pool) {
  return {
    async threadOf(handoffId: string): Promise<DeskThread | null> {
      const { rows } = await pool.query<DeskThread>(
        `SELECT h.desk_conversation AS conversation, h.desk_thread AS thread, h.desk_card AS card,
           coalesce(u.name, u.identifier, 'User') AS title
         FROM handoffs h JOIN sessions s ON s.id = h.session_id LEFT JOIN users u ON u.id = s.user_id
         WHERE h.id = $1 AND h.desk_conversation IS NOT NULL`,
        [handoffId],
      );
      return rows[0] ?? null;
    },

    /** Records the address of a thread, and the card once it is posted. A repeated card goes into the known thread. */
    async opened(handoffId: string, thread: string, card: string | null): Promise<void> {
      await pool.query(
        `UPDATE handoffs SET desk_thread = coalesce(desk_thread, $2), desk_card = coalesce(desk_card, $3) WHERE id = $1`,
        [handoffId, thread, card],
      );
    },

    /** The deliveries to desks that a session's commits planned, in order. */
    async planned(sessionId: string): Promise<{ id: string; channelId: string }[]> {
      const { rows } = await pool.query<{ id: string; channelId: string }>(
        `SELECT d.id, d.channel_id AS "channelId" FROM handoffs h JOIN deliveries d ON d.handoff_id = h.id
         WHERE h.session_id = $1 AND d.status = 'queued' AND d.next_attempt_at <= now() ORDER BY d.ordinal LIMIT 200`,
        [sessionId],
      );
      return rows;
    },
  };
}
