import type { Pool, PoolClient } from "pg";
import type { ComingMessage, LaterChange } from "../core/message/unprompted-message.ts";
import { SCHEDULE_COLUMNS, type ScheduleRow, toSchedule } from "./schedule.ts";
import { cancelSchedule, changeSchedule } from "./schedule-repository.ts";

/** Identifies the scheduled messages that the bot of one agent created for one user. */
export interface Coming {
  userId: string;
  agentId: string;
  /** The current session. A scheduled message for an anonymous visitor belongs to one session only. */
  sessionId: string;
}

/** Maximum number of messages in the list. No user keeps track of more. */
const MOST = 50;

/**
 * Lists the scheduled messages that a bot created for a user, next one first. It leaves out those that operators and
 * rules created.
 */
export async function comingMessages(
  pool: Pool,
  { userId, agentId, sessionId }: Coming,
): Promise<ComingMessage[]> {
  const { rows } = await pool.query<ScheduleRow>(
    `SELECT id, workspace_id, agent_id, channel_id, user_id, session_id, made_by, status, runs, next_run_at, ${SCHEDULE_COLUMNS.join(", ")}
     FROM schedules WHERE user_id = $1 AND agent_id = $2 AND made_by = 'bot' AND status IN ('active', 'paused')
       AND (session_id IS NULL OR session_id = $4)
     ORDER BY next_run_at NULLS LAST, id LIMIT $3`,
    [userId, agentId, MOST, sessionId],
  );
  return rows.map(toSchedule).map(({ id, name, message, recurrence, nextRunAt }) => ({
    id,
    name,
    instruction: "prompt" in message ? message.prompt : message.text,
    recurrence,
    nextAt: nextRunAt,
  }));
}

/**
 * Applies a bot's change to a scheduled message, within the turn's transaction. Does nothing if the message is already
 * sent or cancelled.
 */
export async function changeComing(
  client: PoolClient,
  { userId, agentId, sessionId }: Coming,
  change: LaterChange,
): Promise<void> {
  const { rows } = await client.query<{ workspace_id: string }>(
    `SELECT workspace_id FROM schedules WHERE id = $1 AND user_id = $2 AND agent_id = $3 AND made_by = 'bot'
       AND (session_id IS NULL OR session_id = $4)`,
    [change.id, userId, agentId, sessionId],
  );
  const found = rows[0];
  if (!found) return;
  if (change.kind === "cancel") await cancelSchedule(client, found.workspace_id, change.id);
  else await changeSchedule(client, found.workspace_id, change.id, () => changesOf(change));
}

function changesOf(change: Exclude<LaterChange, { kind: "cancel" }>) {
  if (change.kind === "move") return { recurrence: change.recurrence };
  return { status: change.kind === "pause" ? ("paused" as const) : ("active" as const) };
}
