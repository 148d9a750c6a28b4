import type { Pool, PoolClient } from "pg";
import type { ComingSaying, LaterChange } from "../core/saying.ts";
import { SCHEDULE_COLUMNS, type ScheduleRow, toSchedule } from "./schedule.ts";
import { cancelSchedule, changeSchedule } from "./schedule-repository.ts";

/** Whose messages to come, put down by which agent's bot. */
export interface Coming {
  userId: string;
  agentId: string;
}

/** More than anybody keeps track of. */
const MOST = 50;

/** What a bot put down for a user and is still to come, the next first. What operators and rules put down is theirs. */
export async function comingSayings(pool: Pool, { userId, agentId }: Coming): Promise<ComingSaying[]> {
  const { rows } = await pool.query<ScheduleRow>(
    `SELECT id, workspace_id, agent_id, channel_id, user_id, made_by, status, runs, next_run_at, ${SCHEDULE_COLUMNS.join(", ")}
     FROM schedules WHERE user_id = $1 AND agent_id = $2 AND made_by = 'bot' AND status IN ('active', 'paused')
     ORDER BY next_run_at NULLS LAST, id LIMIT $3`,
    [userId, agentId, MOST],
  );
  return rows.map(toSchedule).map(({ id, name, saying, recurrence, nextRunAt }) => ({
    id,
    name,
    instruction: "prompt" in saying ? saying.prompt : saying.text,
    recurrence,
    nextAt: nextRunAt,
  }));
}

/** What its bot changes of it, within the turn's own transaction. Nothing, where it is over by then. */
export async function changeComing(
  client: PoolClient,
  { userId, agentId }: Coming,
  change: LaterChange,
): Promise<void> {
  const { rows } = await client.query<{ workspace_id: string }>(
    "SELECT workspace_id FROM schedules WHERE id = $1 AND user_id = $2 AND agent_id = $3 AND made_by = 'bot'",
    [change.id, userId, agentId],
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
