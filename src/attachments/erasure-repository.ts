import type { Pool } from "pg";

/** Content is erased again this long after the first time: a process may have been writing it, minutes. */
const AGAIN_MINUTES = 15;

/** What has to go: files whose rows are gone, and those that were kept long enough. */
export function createErasureRepository(pool: Pool) {
  return {
    /** Ids whose content has to be erased now. */
    async due(limit: number): Promise<string[]> {
      const { rows } = await pool.query<{ id: string }>(
        "SELECT id FROM attachment_erasures WHERE due_at <= now() ORDER BY due_at LIMIT $1",
        [limit],
      );
      return rows.map(({ id }) => id);
    },

    /** They were erased: the first time they come up again later, the second time they are forgotten. */
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

    /** Files older than this lose their content; the rows stay and say so. */
    async expire(keepDays: number): Promise<void> {
      await pool.query(
        `WITH old AS (
           UPDATE attachments SET state = 'expired', updated_at = now()
           WHERE state = 'stored' AND created_at < now() - $1::int * interval '1 day' RETURNING id)
         INSERT INTO attachment_erasures (id) SELECT id FROM old ON CONFLICT DO NOTHING`,
        [keepDays],
      );
    },

    /** What was uploaded and went with no message for a day. */
    async dropUnsent(): Promise<void> {
      await pool.query(
        "DELETE FROM attachments WHERE message_id IS NULL AND created_at < now() - interval '1 day'",
      );
    },
  };
}
