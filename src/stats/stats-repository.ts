import type { Pool } from "pg";
import { sqlState } from "../storage/sql-state.ts";
import { inTransaction } from "../storage/transaction.ts";

export interface StatsQuery {
  interval: "hour" | "day";
  since: Date;
  /** Exclusive. */
  until: Date;
  /** Days and hours begin by the clocks of this time zone (IANA). */
  timezone: string;
  /** Rows for each channel, and for each agent. */
  byChannel: boolean;
  byAgent: boolean;
  /** By name. */
  channel: string | null;
  agentId: string | null;
}

/** The numbers of one hour or day. */
export interface StatsRow {
  start: Date;
  channel: string | null;
  agentId: string | null;
  agent: string | null;
  messagesIn: number;
  messagesOut: number;
  turns: number;
  failures: number;
  cancelled: number;
  /** From the start of a turn to its end, milliseconds; null if no turn ended. */
  p50: number | null;
  p95: number | null;
  promptTokens: number;
  completionTokens: number;
  totalTokens: number;
  deliveries: number;
  failedDeliveries: number;
}

/** Time limit of a query, so that statistics do not delay messages, milliseconds. */
const MOST_MS = 10_000;
/** SQLSTATE `query_canceled`. */
const CANCELED = "57014";

/**
 * A part counts rows by bucket and group. A group that is not asked for is one empty text, so that parts join.
 * `$8` and `$9` filter by channel and agent.
 */
const bucket = (column: string) => `date_trunc($4, ${column}, $5) AS start,
    CASE WHEN $6 THEN s.channel_id ELSE '' END AS channel_id, CASE WHEN $7 THEN s.agent_id ELSE '' END AS agent_id`;
const CHOSEN = `($8::text IS NULL OR s.channel_id IN (SELECT id FROM channels WHERE workspace_id = $1 AND name = $8))
    AND ($9::text IS NULL OR s.agent_id = $9)`;
const within = (column: string) => `${column} >= $2 AND ${column} < $3`;

/** A turn counts as in the metrics, when it has begun and ended. A turn that answers several messages counts once. */
const STATS = `
  WITH said AS (
    SELECT ${bucket("m.created_at")}, count(*) FILTER (WHERE m.origin = 'user') AS messages_in,
      count(*) FILTER (WHERE m.origin <> 'user') AS messages_out
    FROM sessions s JOIN messages m ON m.session_id = s.id
    WHERE s.workspace_id = $1 AND (s.updated_at >= $2 OR s.last_activity_at >= $2) AND ${within("m.created_at")}
      AND m.origin IN ('user', 'bot', 'operator') AND ${CHOSEN}
    GROUP BY 1, 2, 3),
  turned AS (
    SELECT ${bucket("e.created_at")}, count(*) AS turns, count(*) FILTER (WHERE e.status = 'failed') AS failures,
      count(*) FILTER (WHERE e.status = 'cancelled') AS cancelled,
      percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY extract(epoch FROM e.ended_at - e.started_at)::float8 * 1000)
        AS latency,
      sum(e.prompt_tokens) AS prompt_tokens, sum(e.completion_tokens) AS completion_tokens,
      sum(e.total_tokens) AS total_tokens
    FROM executions e JOIN sessions s ON s.id = e.session_id
    WHERE e.workspace_id = $1 AND ${within("e.created_at")} AND e.merged_into IS NULL
      AND e.status IN ('completed', 'failed', 'cancelled') AND e.started_at IS NOT NULL AND ${CHOSEN}
    GROUP BY 1, 2, 3),
  sent AS (
    SELECT ${bucket("d.created_at")}, count(*) AS deliveries, count(*) FILTER (WHERE d.status = 'failed') AS failed_deliveries
    FROM deliveries d JOIN sessions s ON s.id = d.session_id
    WHERE d.workspace_id = $1 AND ${within("d.created_at")} AND d.handoff_id IS NULL AND ${CHOSEN}
    GROUP BY 1, 2, 3)
  SELECT start, c.name AS channel, a.id AS "agentId", a.slug AS agent,
    coalesce(messages_in, 0)::int AS "messagesIn", coalesce(messages_out, 0)::int AS "messagesOut",
    coalesce(turns, 0)::int AS turns, coalesce(failures, 0)::int AS failures, coalesce(cancelled, 0)::int AS cancelled,
    round(latency[1]) AS p50, round(latency[2]) AS p95,
    coalesce(prompt_tokens, 0)::float8 AS "promptTokens", coalesce(completion_tokens, 0)::float8 AS "completionTokens",
    coalesce(total_tokens, 0)::float8 AS "totalTokens",
    coalesce(deliveries, 0)::int AS deliveries, coalesce(failed_deliveries, 0)::int AS "failedDeliveries"
  FROM said FULL JOIN turned USING (start, channel_id, agent_id) FULL JOIN sent USING (start, channel_id, agent_id)
    LEFT JOIN channels c ON c.id = channel_id LEFT JOIN agents a ON a.id = agent_id
  ORDER BY start, c.name, a.slug`;

/** Counts what happened. It does not use Prisma, because the database counts by hour and day. */
export function createStatsRepository(pool: Pool, mostMs = MOST_MS) {
  return {
    /** Null: counting takes too long. */
    async read(workspaceId: string, query: StatsQuery): Promise<StatsRow[] | null> {
      const { interval, since, until, timezone, byChannel, byAgent, channel, agentId } = query;
      const values = [workspaceId, since, until, interval, timezone, byChannel, byAgent, channel, agentId];
      try {
        return await inTransaction(pool, async (client) => {
          await client.query("SELECT set_config('statement_timeout', $1, true)", [String(mostMs)]);
          return (await client.query<StatsRow>(STATS, values)).rows;
        });
      } catch (error) {
        if (sqlState(error) === CANCELED) return null;
        throw error;
      }
    },
  };
}
