import type { Pool, PoolClient } from "pg";
import { newId } from "../../core/ids.ts";
import type { ShadowSettings } from "../../core/session/shadow-settings.ts";
import type { JsonObject } from "../../core/text/json.ts";
import { storableText } from "../../core/text/text.ts";
import { placeInShare } from "../../sessions/session-share.ts";
import { inTransaction } from "../../storage/transaction.ts";
import { takeFromBudget } from "../budgets/budget-repository.ts";
import type { ReplayedAnswer } from "../replay/replay-turn.ts";

/** A turn that another agent is asked about now. */
export interface ClaimedShadow {
  id: string;
  /** The number of this attempt. An answer counts only while it is the newest. */
  attempt: number;
  executionId: string;
  agentId: string;
  candidate: { id: string; slug: string; version: number };
  session: { id: string; channel: string; metadata: JsonObject; userId: string | null };
}

/** `skipped`: the candidate was not asked. */
export type ShadowEnd =
  | { status: "answered" | "failed"; answer: ReplayedAnswer }
  | { status: "failed" | "skipped"; errorCode: string };

/** If a process ends, its turn is free for others after this time and the time of the answer. */
const LEASE_MS = 60_000;
/** Maximum processes that may end while they ask about the same turn, because the turn may be the cause. */
const MOST_ATTEMPTS = 3;
const FOUND_AT_ONCE = 200;
const DAY_SECONDS = 86_400;

/**
 * Turns that ended and are in the share, but are not noted yet. A query finds them, so no turn waits for its note, and
 * none is lost if a process ends. Turns older than a quarter of an hour are not searched.
 */
const FIND = `
  SELECT e.workspace_id, e.session_id, e.id AS execution_id, a.id AS agent_id, c.id AS candidate_id, e.created_at
  FROM agents a
  JOIN agents c ON c.workspace_id = a.workspace_id AND c.slug = a.shadow->>'agent'
  JOIN executions e ON e.workspace_id = a.workspace_id
    AND e.created_at >= greatest(a.shadow_since, now() - interval '15 minutes')
  JOIN sessions s ON s.id = e.session_id AND s.agent_id = a.id
  JOIN messages m ON m.id = e.user_message_id AND m.origin = 'user'
  WHERE a.shadow IS NOT NULL AND e.status IN ('completed', 'failed')
    AND ${placeInShare("s.id")} < (a.shadow->>'share')::numeric
    AND NOT EXISTS (SELECT 1 FROM shadows x WHERE x.execution_id = e.id AND x.candidate_id = c.id)
  LIMIT ${FOUND_AT_ONCE}`;

/**
 * Two processes may find the same turn. One of them notes it. The note has the time of the turn, because lists are
 * sorted by it.
 */
const NOTE = `
  INSERT INTO shadows (id, workspace_id, session_id, execution_id, agent_id, candidate_id, created_at)
  SELECT id, workspace_id, session_id, execution_id, agent_id, candidate_id, created_at
  FROM jsonb_populate_recordset(NULL::shadows, $1::jsonb) ON CONFLICT (execution_id, candidate_id) DO NOTHING`;

const CLAIM = `
  UPDATE shadows x SET status = 'running', attempts = attempts + 1,
    lease_expires_at = now() + $1::int * interval '1 millisecond'
  FROM sessions s, channels ch, agents a, agents c
  WHERE x.id = (
      SELECT id FROM shadows WHERE status = 'waiting' OR (status = 'running' AND lease_expires_at < now())
      ORDER BY created_at, id LIMIT 1 FOR UPDATE SKIP LOCKED)
    AND s.id = x.session_id AND ch.id = s.channel_id AND a.id = x.agent_id AND c.id = x.candidate_id
  RETURNING x.id, x.attempts AS attempt, x.execution_id AS "executionId", x.agent_id AS "agentId", a.shadow AS settings,
    jsonb_build_object('id', c.id, 'slug', c.slug, 'version', c.current_version) AS candidate,
    jsonb_build_object('id', s.id, 'channel', ch.name, 'metadata', s.metadata, 'userId', s.user_id) AS session`;

const END = `
  UPDATE shadows SET status = $3, lease_expires_at = NULL, ended_at = now(), replies = $4, tools = $5,
    total_tokens = $6, seconds = $7, error_code = $8
  WHERE id = $1 AND attempts = $2 AND status = 'running'`;

interface ClaimedRow extends ClaimedShadow {
  settings: ShadowSettings | null;
}

export type ShadowRepository = ReturnType<typeof createShadowRepository>;

/** The turns that other agents answer, too: found, given to one process each, and ended. */
export function createShadowRepository(pool: Pool) {
  return {
    /** Notes turns that have ended since. If no agent has a shadow, this costs one read of the agents. */
    async find(): Promise<void> {
      const { rowCount } = await pool.query("SELECT 1 FROM agents WHERE shadow IS NOT NULL LIMIT 1");
      if (rowCount === 0) return;
      const { rows } = await pool.query<Record<string, unknown>>(FIND);
      if (rows.length === 0) return;
      await pool.query(NOTE, [JSON.stringify(rows.map((row) => ({ id: newId(), ...row })))]);
    },

    /** The next turn to ask about, counted against the budget. `skipped`: one was ended without asking. */
    claim(): Promise<ClaimedShadow | "skipped" | null> {
      return inTransaction(pool, async (client) => {
        const { rows } = await client.query<ClaimedRow>(CLAIM, [LEASE_MS]);
        const [row] = rows;
        if (row === undefined) return null;
        const { settings, ...claimed } = row;
        const refusal = await refusalOf(client, row);
        if (refusal === null) return claimed;
        await end(client, claimed, refusal);
        return "skipped";
      });
    },

    /** The candidate is asked now, for at most this time. False: another process does. */
    async begin({ id, attempt, candidate }: ClaimedShadow, timeoutMs: number): Promise<boolean> {
      const { rowCount } = await pool.query(
        `UPDATE shadows SET candidate_version = $3, lease_expires_at = now() + $4::bigint * interval '1 millisecond'
         WHERE id = $1 AND attempts = $2 AND status = 'running'`,
        [id, attempt, candidate.version, timeoutMs + LEASE_MS],
      );
      return rowCount === 1;
    },

    /** Stores an answer, and counts its tokens. An answer of an older attempt is dropped; its tokens were used. */
    end(claimed: ClaimedShadow, how: ShadowEnd): Promise<void> {
      return inTransaction(pool, async (client) => {
        await end(client, claimed, how);
        const tokens = "answer" in how ? (how.answer.totalTokens ?? 0) : 0;
        if (tokens === 0) return;
        const limit = { ...limitOf(claimed.agentId), messages: null, tokens: null };
        await takeFromBudget(client, limit, 0, tokens);
      });
    },

    /** This process stops, so any other one may ask at once. The attempt does not count. */
    async giveBack({ id, attempt }: ClaimedShadow): Promise<void> {
      await pool.query(
        `UPDATE shadows SET status = 'waiting', attempts = attempts - 1, lease_expires_at = NULL
         WHERE id = $1 AND attempts = $2 AND status = 'running'`,
        [id, attempt],
      );
    },
  };
}

/** The reason why the candidate is not asked; null: it is. */
async function refusalOf(
  client: PoolClient,
  { attempt, agentId, settings }: ClaimedRow,
): Promise<ShadowEnd | null> {
  if (settings === null) return { status: "skipped", errorCode: "switched_off" };
  if (attempt > MOST_ATTEMPTS) return { status: "failed", errorCode: "abandoned" };
  const { turnsPerDay: messages, tokensPerDay: tokens } = settings;
  const isFree = await takeFromBudget(client, { ...limitOf(agentId), messages, tokens }, 1, 0);
  return isFree ? null : { status: "skipped", errorCode: "budget_used_up" };
}

/** A shadow has a separate budget: turns of users do not count against it, and it uses nothing of theirs. */
function limitOf(agentId: string) {
  return { agentId, scope: "shadow", subjectId: agentId, windowSeconds: DAY_SECONDS } as const;
}

async function end(client: PoolClient, { id, attempt }: ClaimedShadow, how: ShadowEnd): Promise<void> {
  const answer = "answer" in how ? how.answer : null;
  await client.query(END, [
    id,
    attempt,
    how.status,
    answer?.replies.map(storableText) ?? null,
    answer?.tools.map(storableText) ?? null,
    answer?.totalTokens ?? null,
    answer?.seconds ?? null,
    "errorCode" in how ? how.errorCode : (answer?.errorCode ?? null),
  ]);
}
