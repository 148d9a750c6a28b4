import type { Pool } from "pg";
import type { JsonObject } from "../core/text/json.ts";

/** Participant data of a user for one agent. */
export interface PersonalData {
  agentId: string;
  /** The session that the data belongs to; null: the user. */
  sessionId: string | null;
  data: JsonObject;
  updatedAt: Date;
}

export type PersonalDataRepository = ReturnType<typeof createPersonalDataRepository>;

/** Reads what is stored about one user beside their sessions. */
export function createPersonalDataRepository(pool: Pool) {
  return {
    /** Other names of the user on the platform. */
    async aliases(userId: string): Promise<string[]> {
      const { rows } = await pool.query<{ alias: string }>(
        `SELECT a.alias FROM users u JOIN user_aliases a ON a.channel_id = u.channel_id AND a.identifier = u.identifier
         WHERE u.id = $1 AND a.alias <> u.identifier ORDER BY a.alias`,
        [userId],
      );
      return rows.map(({ alias }) => alias);
    },

    /** Their participant data for every agent. */
    async data(userId: string): Promise<PersonalData[]> {
      const { rows } = await pool.query<PersonalData>(
        `SELECT agent_id AS "agentId", session_id AS "sessionId", data, updated_at AS "updatedAt"
         FROM participant_data WHERE user_id = $1 ORDER BY agent_id, owner_id`,
        [userId],
      );
      return rows;
    },
  };
}
