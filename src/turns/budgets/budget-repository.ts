import type { Pool, PoolClient } from "pg";
import { inTransaction } from "../../storage/transaction.ts";

/** A limit and the subject that it applies to in one turn. */
export interface AppliedLimit {
  agentId: string;
  scope: "session" | "user" | "agent" | "shadow";
  subjectId: string;
  windowSeconds: number;
  messages: number | null;
  tokens: number | null;
}

export interface Admission {
  /** The messages that need an answer. */
  messageIds: readonly string[];
  /** The message among them that carries the turn's tokens. */
  mainId: string;
  /** True if they count as messages; an instruction does not. */
  counted: boolean;
  /** Estimated tokens of the turn, until the real number is known. */
  tokens: number;
  /** The limits in a fixed order. Turns that lock counters in different orders would wait for each other. */
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

/** Usage counters, shared by all processes. */
export function createBudgetRepository(pool: Pool) {
  return {
    /**
     * Counts a turn against all its limits; if one is reached, it counts against none. A message that was counted
     * before is not counted again (its turn was started and lost). Returns the limit that was reached, or null.
     */
    async admit(admission: Admission): Promise<AppliedLimit | null> {
      try {
        await inTransaction(pool, async (client) => {
          const { fresh, reserved } = await claim(client, admission);
          for (const limit of admission.limits) {
            const messages = admission.counted ? fresh : 0;
            if (fresh === 0 && reserved === 0) continue;
            if (!(await takeFromBudget(client, limit, messages, reserved))) throw new LimitReached(limit);
          }
        });
        return null;
      } catch (error) {
        if (error instanceof LimitReached) return error.limit;
        throw error;
      }
    },

    /** Replaces the tokens reserved for a turn by the tokens that it really used. */
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

    /** Deletes windows that are over, and counted messages that are too old for another start of their turn. */
    async prune(): Promise<void> {
      await pool.query("DELETE FROM budget_counters WHERE expires_at < now()");
      await pool.query("DELETE FROM budget_claims WHERE claimed_at < now() - interval '2 days'");
    },
  };
}

/** Returns the number of new messages, and the tokens to reserve for them. */
async function claim(client: PoolClient, admission: Admission): Promise<{ fresh: number; reserved: number }> {
  const { rows } = await client.query<{ message_id: string }>(
    // The time is cut to the precision of the column, because rounding up could name the next window.
    `INSERT INTO budget_claims (message_id, tokens, claimed_at)
     SELECT id, CASE WHEN id = $2 THEN $3::int ELSE 0 END, date_trunc('milliseconds', now()) FROM unnest($1::text[]) AS id ORDER BY id
     ON CONFLICT DO NOTHING RETURNING message_id`,
    [admission.messageIds, admission.mainId, admission.tokens],
  );
  const hasMain = rows.some((row) => row.message_id === admission.mainId);
  return { fresh: rows.length, reserved: hasMain ? admission.tokens : 0 };
}

/**
 * Adds to one counter unless that exceeds its limit. It is one statement, so that no two turns use the same remainder.
 */
export async function takeFromBudget(
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
