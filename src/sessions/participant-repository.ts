import type { Pool } from "pg";
import type { JsonObject } from "../core/text/json.ts";

/** The data of a user that opening a session needs, with one agent's data about them. */
export interface Participant {
  id: string;
  channelId: string;
  name: string | null;
  profile: JsonObject;
  data: JsonObject;
}

export type Participants = ReturnType<typeof createParticipantRepository>;

/** Users as sessions refer to them: by id, or by their identifier on a channel. */
export function createParticipantRepository(pool: Pool) {
  const find = async (condition: string, values: readonly string[]): Promise<Participant | null> => {
    const { rows } = await pool.query<Participant>(
      `SELECT u.id, u.channel_id AS "channelId", u.name, u.profile, coalesce(p.data, '{}') AS data FROM users u
       LEFT JOIN participant_data p ON p.owner_id = u.id AND p.agent_id = $1 WHERE ${condition}`,
      [...values],
    );
    return rows[0] ?? null;
  };
  return {
    /**
     * The data about a user who will get a message. For an anonymous visitor, the data of the most recently used open
     * session.
     */
    async dataOf(channelId: string, identifier: string, agentId: string): Promise<JsonObject> {
      const { rows } = await pool.query<{ data: JsonObject }>(
        `SELECT p.data FROM users u JOIN participant_data p ON p.user_id = u.id AND p.agent_id = $1
         LEFT JOIN sessions s ON s.id = p.session_id
         WHERE u.channel_id = $2 AND u.identifier = $3 ORDER BY s.last_activity_at DESC, s.id DESC LIMIT 1`,
        [agentId, channelId, identifier],
      );
      return rows[0]?.data ?? {};
    },
    byId: (workspaceId: string, id: string, agentId: string) =>
      find("u.workspace_id = $2 AND u.id = $3", [agentId, workspaceId, id]),
    byIdentifier: (channelId: string, identifier: string, agentId: string) =>
      find("u.channel_id = $2 AND u.identifier = $3", [agentId, channelId, identifier]),
  };
}
