import type { Pool } from "pg";

/** Content is erased a second time after this many minutes, because a process may have been writing it. */
const AGAIN_MINUTES = 15;

export type ErasureRepository = ReturnType<typeof createErasureRepository>;

/** Finds content to erase: files whose rows are gone, and files past their retention time. */
export function createErasureRepository(pool: Pool) {
  return {
    /** Ids of files whose content must be erased now. */
    async due(limit: number): Promise<string[]> {
      const { rows } = await pool.query<{ id: string }>(
        "SELECT id FROM attachment_erasures WHERE due_at <= now() ORDER BY due_at LIMIT $1",
        [limit],
      );
      return rows.map(({ id }) => id);
    },

    /**
     * Records an erasure. After the first one the file is scheduled again; after the second one its entry is deleted.
     */
    async erased(ids: readonly string[]): Promise<void> {
      await pool.query(
        `WITH again AS (
           UPDATE attachment_erasures SET rounds = 1, due_at = now() + interval '${AGAIN_MINUTES} minutes'
           WHERE id = ANY($1) AND rounds = 0 AND due_at <= now() RETURNING id)
         DELETE FROM attachment_erasures WHERE id = ANY($1) AND rounds > 0 AND due_at <= now()
           AND id NOT IN (SELECT id FROM again)`,
        [ids],
      );
    },

    /** Expires files older than this. Their content is erased; their rows stay, with the state `expired`. */
    async expire(keepDays: number): Promise<void> {
      await pool.query(
        `WITH old AS (
           UPDATE attachments SET state = 'expired', updated_at = now()
           WHERE state = 'stored' AND created_at < now() - $1::int * interval '1 day' RETURNING id)
         INSERT INTO attachment_erasures (id) SELECT id FROM old ON CONFLICT DO NOTHING`,
        [keepDays],
      );
    },

    /** Deletes uploads that no message has used for a day. */
    async dropUnsent(): Promise<void> {
      await pool.query(
        "DELETE FROM attachments WHERE message_id IS NULL AND created_at < now() - interval '1 day'",
      );
    },
  };
}
