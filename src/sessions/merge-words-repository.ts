import type { Pool, PoolClient } from "pg";

/** Reads nothing but one page if no words wait. */
const MERGE = `SELECT gin_clean_pending_list(c.oid::regclass) FROM pg_class c
  WHERE c.oid = 'messages_words'::regclass AND pg_has_role(c.relowner, 'USAGE')`;

/**
 * Merges the words of new messages into the index that searches use. Until then they wait in a list, which searches read
 * too. Otherwise the message that fills the list would have to merge it, and all messages of its commit would wait.
 *
 * Only the owner of the index may do so. A service with fewer rights leaves it to vacuum and to full lists.
 */
export async function mergeWords(client: Pool | PoolClient): Promise<void> {
  await client.query(MERGE);
}
