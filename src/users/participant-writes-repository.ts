import type { Pool, PoolClient } from "pg";
import type { JsonObject } from "../core/text/json.ts";
import { mergePatch } from "../core/text/merge-patch.ts";
import { storableJson } from "../core/text/text.ts";

/** The data of a user for an agent. Revision 0: nothing was written yet. */
export interface ParticipantData {
  data: JsonObject;
  revision: number;
}

/** Identifies participant data for a session. `sessionId` is null if no session is known yet. */
export interface ParticipantDataKey {
  userId: string;
  sessionId: string | null;
  agentId: string;
}

/**
 * Joins the participant data for the user of a session `s`. The session owns the rows of an anonymous visitor, and the
 * user owns all others. So at most one of the two has a row.
 */
export const DATA_OF_SESSION =
  "LEFT JOIN participant_data p ON p.agent_id = s.agent_id AND p.owner_id IN (s.user_id, s.id)";

export async function readParticipantData(
  database: Pool | PoolClient,
  of: ParticipantDataKey,
): Promise<ParticipantData> {
  const { rows } = await database.query<ParticipantData>(
    "SELECT data, revision FROM participant_data WHERE owner_id IN ($1, $2) AND agent_id = $3",
    [of.userId, of.sessionId, of.agentId],
  );
  return rows[0] ?? { data: {}, revision: 0 };
}

/**
 * Writes the result of `change`, one writer at a time, in the caller's transaction. `change` returns null to leave the
 * data unchanged. Returns null if the data can belong to nobody, for example to an anonymous visitor whose session has
 * ended.
 */
export async function changeParticipantData(
  client: PoolClient,
  of: ParticipantDataKey,
  change: (present: ParticipantData) => JsonObject | null,
): Promise<(ParticipantData & { changed: boolean }) | null> {
  // Insert the row first, so that there is a row to lock. Only this transaction ever sees revision 0. The lock on an
  // anonymous visitor's session prevents its end meanwhile, because no data may be stored after that end.
  await client.query(
    `WITH open AS (
       SELECT s.id FROM sessions s JOIN users u ON u.id = s.user_id
       WHERE s.id = $2 AND u.id = $1 AND u.anonymous AND s.status = 'active' FOR SHARE OF s)
     INSERT INTO participant_data (owner_id, user_id, session_id, agent_id, revision)
     SELECT coalesce(o.id, u.id), u.id, o.id, $3, 0 FROM users u LEFT JOIN open o ON true
     WHERE u.id = $1 AND (NOT u.anonymous OR o.id IS NOT NULL) ON CONFLICT DO NOTHING`,
    [of.userId, of.sessionId, of.agentId],
  );
  const { rows } = await client.query<ParticipantData & { owner_id: string }>(
    "SELECT owner_id, data, revision FROM participant_data WHERE owner_id IN ($1, $2) AND agent_id = $3 FOR UPDATE",
    [of.userId, of.sessionId, of.agentId],
  );
  const present = rows[0];
  if (!present) return null;
  const key = [present.owner_id, of.agentId];
  const data = change(present);
  if (data === null) {
    await client.query(
      "DELETE FROM participant_data WHERE owner_id = $1 AND agent_id = $2 AND revision = 0",
      key,
    );
    return { data: present.data, revision: present.revision, changed: false };
  }
  const revision = present.revision + 1;
  await client.query(
    "UPDATE participant_data SET data = $3, revision = $4, updated_at = now() WHERE owner_id = $1 AND agent_id = $2",
    [...key, storableJson(data), revision],
  );
  return { data, revision, changed: true };
}

/** Applies a merge patch (RFC 7396). False: the data can belong to nobody. */
export async function mergeParticipantData(
  client: PoolClient,
  of: ParticipantDataKey,
  patch: JsonObject,
): Promise<boolean> {
  return (await changeParticipantData(client, of, ({ data }) => mergePatch(data, patch))) !== null;
}
