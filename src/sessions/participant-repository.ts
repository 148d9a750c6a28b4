import type { Pool } from "pg";
import type { JsonObject } from "../core/json.ts";

/** A user as far as opening a session for them needs to know, with what is known of them to one agent. */
export interface Participant {
  id: string;
  channelId: string;
  name: string | null;
  data: JsonObject;
}

export type Participants = ReturnType<typeof createParticipantRepository>;

/** Users as sessions refer to them: by id, or by who they are on a channel. */
export function createParticipantRepository(pool: Pool) {
  const find = async (condition: string, values: readonly string[]): Promise<Participant | null> => {
    const { rows } = await pool.query<Participant>(
      `SELECT u.id, u.channel_id AS "channelId", u.name, coalesce(p.data, '{}') AS data FROM users u
       LEFT JOIN participant_data p ON p.user_id = u.id AND p.agent_id = $1 WHERE ${condition}`,
      [...values],
    );
    return rows[0] ?? null;
  };
  return {
    byId: (workspaceId: string, id: string, agentId: string) =>
      find("u.workspace_id = $2 AND u.id = $3", [agentId, workspaceId, id]),
    byIdentifier: (channelId: string, identifier: string, agentId: string) =>
      find("u.channel_id = $2 AND u.identifier = $3", [agentId, channelId, identifier]),
  };
}
