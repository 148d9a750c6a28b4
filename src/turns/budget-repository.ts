import type { Pool, PoolClient } from "pg";
import { inTransaction } from "../storage/transaction.ts";

/** A limit with whom it applies to in one turn. */
export interface AppliedLimit {
  agentId: string;
  scope: "session" | "user" | "agent";
  subjectId: string;
  windowSeconds: number;
  messages: number | null;
  tokens: number | null;
}

export interface Admission {
  /** The messages to be answered. */
  messageIds: readonly string[];
  /** Of these, the one that carries the turn's tokens. */
  mainId: string;
  /** Whether they count as messages; an instruction does not. */
  counted: boolean;
  /** What the turn is taken to use, until it is known. */
  tokens: number;
  /** In a fixed order: turns that take counters in different orders would wait for each other. */
  limits: readonly AppliedLimit[];
}

class LimitReached extends Error {
  readonly limit: AppliedLimit;
  constructor(limit: AppliedLimit) {
    super("limit reached");
    this.limit = limit;
  }
}

const WINDOW_START = (at: string, seconds: string) =>
  `to_timestamp(floor(extract(epoch FROM ${at}) / ${seconds}) * ${seconds})`;

export type BudgetRepository = ReturnType<typeof createBudgetRepository>;

/** Counters of what was used, shared by every process. */
export function createBudgetRepository(pool: Pool) {
  return {
    /**
     * Counts a turn against all its limits, or, where one of them is reached, against none. A message that was counted
     * before (its turn was begun and lost) is not counted again. Returns the limit that was reached, or null.
     */
    async admit(admission: Admission): Promise<AppliedLimit | null> {
      try {
        await inTransaction(pool, async (client) => {
          const { fresh, reserved } = await claim(client, admission);
          for (const limit of admission.limits) {
            const messages = admission.counted ? fresh : 0;
            if (fresh === 0 && reserved === 0) continue;
            if (!(await take(client, limit, messages, reserved))) throw new LimitReached(limit);
          }
        });
        return null;
      } catch (error) {
        if (error instanceof LimitReached) return error.limit;
        throw error;
      }
    },

    /** Puts what a turn really used in the place of what was reserved for it. */
    async settle(mainId: string, tokens: number, limits: readonly AppliedLimit[]): Promise<void> {
      await inTransaction(pool, async (client) => {
        const { rows } = await client.query<{ tokens: number; claimed_at: Date }>(
          "SELECT tokens, claimed_at FROM budget_claims WHERE message_id = $1 FOR UPDATE",
          [mainId],
        );
        const [row] = rows;
        if (!row || row.tokens === tokens) return;
        await client.query("UPDATE budget_claims SET tokens = $2 WHERE message_id = $1", [mainId, tokens]);
        for (const { agentId, scope, subjectId, windowSeconds } of limits) {
          await client.query(
            `UPDATE budget_counters SET tokens = greatest(0, tokens + $6)
             WHERE agent_id = $1 AND scope = $2 AND subject_id = $3 AND window_seconds = $4
               AND window_start = ${WINDOW_START("$5::timestamptz", "$4::int")}`,
            [agentId, scope, subjectId, windowSeconds, row.claimed_at, tokens - row.tokens],
          );
        }
      });
    },

    /** Forgets windows that are over and messages counted so long ago that nobody begins their turn again. */
    async prune(): Promise<void> {
      await pool.query("DELETE FROM budget_counters WHERE expires_at < now()");
      await pool.query("DELETE FROM budget_claims WHERE claimed_at < now() - interval '2 days'");
    },
  };
}

/** How many of the messages are new, and the tokens that are to be reserved for them. */
async function claim(client: PoolClient, admission: Admission): Promise<{ fresh: number; reserved: number }> {
  const { rows } = await client.query<{ message_id: string }>(
    // Cut to what the column holds: rounding up could name the next window.
    `INSERT INTO budget_claims (message_id, tokens, claimed_at)
     SELECT id, CASE WHEN id = $2 THEN $3::int ELSE 0 END, date_trunc('milliseconds', now()) FROM unnest($1::text[]) AS id ORDER BY id
     ON CONFLICT DO NOTHING RETURNING message_id`,
    [admission.messageIds, admission.mainId, admission.tokens],
  );
  const hasMain = rows.some((row) => row.message_id === admission.mainId);
  return { fresh: rows.length, reserved: hasMain ? admission.tokens : 0 };
}

/** Adds to one counter unless that would exceed its limit. One statement, so that no two turns take the same rest. */
async function take(
  client: PoolClient,
  limit: AppliedLimit,
  messages: number,
  tokens: number,
): Promise<boolean> {
  if (limit.messages !== null && messages > limit.messages) return false;
  const { rowCount } = await client.query(
    `INSERT INTO budget_counters AS c (agent_id, scope, subject_id, window_seconds, window_start, expires_at, messages, tokens)
     SELECT $1, $2, $3, $4::int, start, start + $4::int * interval '1 second', $5::int, $6::bigint
     FROM (SELECT ${WINDOW_START("now()", "$4::int")} AS start) AS w
     ON CONFLICT (agent_id, scope, subject_id, window_seconds, window_start)
     DO UPDATE SET messages = c.messages + EXCLUDED.messages, tokens = c.tokens + EXCLUDED.tokens
     WHERE ($7::int IS NULL OR c.messages + EXCLUDED.messages <= $7) AND ($8::bigint IS NULL OR c.tokens < $8)`,
    [
      limit.agentId,
      limit.scope,
      limit.subjectId,
      limit.windowSeconds,
      messages,
      tokens,
      limit.messages,
      limit.tokens,
    ],
  );
  return rowCount === 1;
}
