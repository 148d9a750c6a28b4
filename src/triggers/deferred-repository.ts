import type { PoolClient } from "pg";
import { stableId } from "../core/ids.ts";
import type { Trigger } from "./trigger.ts";
import type { Deferred } from "./trigger-outcome.ts";

/** The id of the schedule that a trigger becomes during quiet hours. */
export function deferredId({ channel, key }: Pick<Trigger, "channel" | "key">): string {
  return stableId(`${channel.id}/${key}`);
}

/** The result of an earlier trigger with this key that was deferred by quiet hours. */
export async function deferredBefore(
  client: Pick<PoolClient, "query">,
  trigger: Omit<Trigger, "notBefore">,
): Promise<Deferred | null> {
  const scheduleId = deferredId(trigger);
  const { rows } = await client.query<{ starts_at: Date; session_id: string | null }>(
    `SELECT d.starts_at, (SELECT id FROM sessions s WHERE s.status = 'active' AND s.channel_id = d.channel_id
         AND s.agent_id = d.agent_id AND s.user_id = d.user_id ORDER BY last_activity_at DESC, id DESC LIMIT 1) AS session_id
     FROM schedules d WHERE d.id = $1`,
    [scheduleId],
  );
  const found = rows[0];
  return found
    ? { kind: "deferred", sessionId: found.session_id, scheduleId, sendsAt: found.starts_at }
    : null;
}
