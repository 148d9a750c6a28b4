import type { Pool } from "pg";
import type { JsonObject } from "../core/text/json.ts";
import { estimateRows } from "../storage/row-count.ts";
import { inTransaction } from "../storage/transaction.ts";

/** Filters that an index answers in its own order, not in the order of the list. */
export interface SearchFilters {
  /** Typed, deep containment: `{"a":"1"}` does not match the number 1. */
  metadata?: JsonObject | undefined;
  /** Words in what was said, in the syntax of web searches: `refund "order 17" -test`. */
  words?: string | undefined;
  /** True: a turn or a delivery of the session failed, or an operator must decide about a delivery. */
  trouble?: boolean | undefined;
}

/**
 * Up to this number of matches are collected and sorted separately. More matches are found quickly along the list's own
 * order.
 */
const FEW_MATCHES = 2_000;
/**
 * If the estimate reaches this number of matches, the index is not used, because it would collect every match first.
 */
const SURELY_MANY = 20_000;

/** Matches the index `messages_words`: the same expression and the same roles. */
export const HAS_WORDS = (words: string): string => `m.role IN ('user', 'assistant')
  AND to_tsvector('simple', left(m.content, 50000)) @@ websearch_to_tsquery('simple', ${words})`;
const FAILED_TURN = "e.status = 'failed'";
/** SQL condition: the bot was asked again, in a later turn of the same message. */
export const WAS_ASKED_AGAIN =
  "EXISTS (SELECT 1 FROM messages m WHERE m.id = e.user_message_id AND m.execution_id <> e.id)";
/** A message that was asked again is in trouble only if its newest turn failed. */
const IN_TROUBLE = `${FAILED_TURN} AND NOT ${WAS_ASKED_AGAIN}`;
/** Matches the index `deliveries_in_trouble`. */
const FAILED_DELIVERY = `d.status IN ('failed', 'unknown') AND (d.status = 'failed' OR d.next_attempt_at IS NULL)`;

/** The conditions for a search of sessions `s`, for each filter that is given. `bind` returns a placeholder. */
export function searchConditions(filters: SearchFilters, bind: (value: unknown) => string): string[] {
  const parts: string[] = [];
  if (filters.metadata) parts.push(`s.metadata @> ${bind(JSON.stringify(filters.metadata))}::jsonb`);
  if (filters.words !== undefined)
    parts.push(
      `EXISTS (SELECT 1 FROM messages m WHERE m.session_id = s.id AND ${HAS_WORDS(bind(filters.words))})`,
    );
  if (filters.trouble !== undefined)
    parts.push(`${filters.trouble ? "" : "NOT "}(
      EXISTS (SELECT 1 FROM executions e WHERE e.session_id = s.id AND ${IN_TROUBLE})
      OR EXISTS (SELECT 1 FROM deliveries d WHERE d.session_id = s.id AND ${FAILED_DELIVERY}))`);
  return parts;
}

/**
 * Answers the filters with few matches from their indexes. This query runs before the list's own. The planner does not
 * know that the list needs few rows in another order. A wrong guess scans the whole table. @returns `ids`: the
 * matching sessions; null if no filter has few matches. `rest`: the filters that the ids do not answer.
 */
export async function findFew(
  pool: Pool,
  workspaceId: string,
  filters: SearchFilters,
): Promise<{ ids: string[] | null; rest: SearchFilters }> {
  const rest = { ...filters };
  const found: Set<string>[] = [];
  if (filters.metadata) {
    const ids = await withMetadata(pool, workspaceId, filters.metadata);
    if (ids) {
      found.push(ids);
      rest.metadata = undefined;
    }
  }
  if (filters.words !== undefined) {
    const ids = await withWords(pool, workspaceId, filters.words);
    if (ids) {
      found.push(ids);
      rest.words = undefined;
    }
  }
  if (filters.trouble === true) {
    const ids = await inTrouble(pool, workspaceId);
    if (ids) {
      found.push(ids);
      rest.trouble = undefined;
    }
  }
  const [first, ...others] = found;
  if (!first) return { ids: null, rest };
  return { ids: [...first].filter((id) => others.every((other) => other.has(id))), rest };
}

async function withMetadata(pool: Pool, workspaceId: string, filter: JsonObject) {
  const values = [JSON.stringify(filter)];
  if ((await estimateRows(pool, "sessions", "metadata @> $1::jsonb", values)) >= SURELY_MANY) return null;
  return await collect(pool, "SELECT id FROM sessions WHERE metadata @> $1::jsonb AND workspace_id = $2", [
    ...values,
    workspaceId,
  ]);
}

async function withWords(pool: Pool, workspaceId: string, words: string) {
  if ((await estimateRows(pool, "messages m", HAS_WORDS("$1"), [words])) >= SURELY_MANY) return null;
  return await collect(
    pool,
    `SELECT DISTINCT s.id FROM messages m JOIN sessions s ON s.id = m.session_id
     WHERE ${HAS_WORDS("$1")} AND s.workspace_id = $2`,
    [words, workspaceId],
  );
}

async function inTrouble(pool: Pool, workspaceId: string) {
  const [turns, deliveries] = await Promise.all([
    estimateRows(pool, "executions e", `e.workspace_id = $1 AND ${FAILED_TURN}`, [workspaceId]),
    estimateRows(pool, "deliveries d", `d.workspace_id = $1 AND ${FAILED_DELIVERY}`, [workspaceId]),
  ]);
  if (turns + deliveries >= SURELY_MANY) return null;
  return await collect(
    pool,
    `SELECT e.session_id AS id FROM executions e WHERE e.workspace_id = $1 AND ${IN_TROUBLE}
     UNION SELECT d.session_id FROM deliveries d WHERE d.workspace_id = $1 AND ${FAILED_DELIVERY}`,
    [workspaceId],
  );
}

/** The ids that a query returns; null if they are not few. */
async function collect(pool: Pool, query: string, values: unknown[]): Promise<Set<string> | null> {
  return await inTransaction(pool, async (client) => {
    await client.query("SET LOCAL enable_seqscan = off");
    const { rows } = await client.query<{ id: string }>(`${query} LIMIT ${FEW_MATCHES + 1}`, values);
    return rows.length > FEW_MATCHES ? null : new Set(rows.map(({ id }) => id));
  });
}
