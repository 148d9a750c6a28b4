import type { PoolClient } from "pg";
import type { JsonObject } from "../core/json.ts";
import { mergePatch } from "../core/merge-patch.ts";
import { storableJson } from "../core/text.ts";

/** Applies a merge patch (RFC 7396) to what is kept of a user for an agent, in a transaction that may do more. */
export async function mergeParticipantData(
  client: PoolClient,
  of: { userId: string; agentId: string },
  patch: JsonObject,
): Promise<void> {
  const key = [of.userId, of.agentId];
  // The row is made first, so that there is one to lock.
  await client.query(
    "INSERT INTO participant_data (user_id, agent_id, revision) VALUES ($1, $2, 0) ON CONFLICT DO NOTHING",
    key,
  );
  const { rows } = await client.query<{ data: JsonObject }>(
    "SELECT data FROM participant_data WHERE user_id = $1 AND agent_id = $2 FOR UPDATE",
    key,
  );
  await client.query(
    `UPDATE participant_data SET data = $3, revision = revision + 1, updated_at = now()
     WHERE user_id = $1 AND agent_id = $2`,
    [...key, storableJson(mergePatch(rows[0]?.data ?? {}, patch))],
  );
}
