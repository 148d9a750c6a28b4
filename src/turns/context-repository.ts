import type { Pool } from "pg";
import type { JsonObject } from "../core/json.ts";
import type { VariableValue } from "../core/template.ts";

/** A session as its prompt needs it. */
export interface PromptSession {
  id: string;
  agentId: string;
  agentVersion: number;
  situation: string | null;
  summary: string | null;
  summarySeq: number;
  renderTemplates: boolean;
  variables: Record<string, VariableValue>;
  metadata: JsonObject;
  user: { id: string; identifier: string; name: string | null; profile: JsonObject } | null;
  participantData: JsonObject;
}

/** A message the bot may be shown again. */
export interface HistoryMessage {
  turnSeq: number;
  role: "user" | "assistant";
  content: string;
}

/** The most messages looked at for one prompt; what a model can be sent is far less. */
const HISTORY_LIMIT = 500;

/** What prompts are made of. Costs the same for a session of ten messages and of ten thousand. */
export function createContextRepository(pool: Pool) {
  return {
    async promptSession(sessionId: string): Promise<PromptSession | null> {
      const { rows } = await pool.query(
        `SELECT s.id, s.agent_id, s.agent_version, s.situation, s.summary, s.summary_seq, s.render_templates, s.variables,
           s.metadata, u.id AS user_id, u.identifier, u.name, u.profile, coalesce(p.data, '{}') AS participant_data
         FROM sessions s LEFT JOIN users u ON u.id = s.user_id
         LEFT JOIN participant_data p ON p.user_id = s.user_id AND p.agent_id = s.agent_id
         WHERE s.id = $1`,
        [sessionId],
      );
      const row = rows[0];
      if (!row) return null;
      return {
        id: row.id,
        agentId: row.agent_id,
        agentVersion: row.agent_version,
        situation: row.situation,
        summary: row.summary,
        summarySeq: row.summary_seq,
        renderTemplates: row.render_templates,
        variables: row.variables,
        metadata: row.metadata,
        participantData: row.participant_data,
        user:
          row.user_id === null
            ? null
            : { id: row.user_id, identifier: row.identifier, name: row.name, profile: row.profile },
      };
    },

    /**
     * What was said before a turn and is not in the summary, oldest first: user messages up to the ones being
     * answered, each followed by its reply. Commands, notices and instructions are not history.
     */
    async history(sessionId: string, range: { afterSeq: number; beforeSeq: number }): Promise<HistoryMessage[]> {
      const { rows } = await pool.query<{ turn_seq: number; role: "user" | "assistant"; content: string }>(
        `SELECT turn_seq, role, content FROM messages
         WHERE session_id = $1 AND turn_seq > $2 AND turn_seq < $3 AND origin IN ('user', 'bot', 'operator')
         ORDER BY turn_seq DESC, seq DESC LIMIT $4`,
        [sessionId, range.afterSeq, range.beforeSeq, HISTORY_LIMIT],
      );
      return rows.reverse().map((row) => ({ turnSeq: row.turn_seq, role: row.role, content: row.content }));
    },

    async participantData(userId: string, agentId: string): Promise<JsonObject> {
      const { rows } = await pool.query<{ data: JsonObject }>(
        "SELECT data FROM participant_data WHERE user_id = $1 AND agent_id = $2",
        [userId, agentId],
      );
      return rows[0]?.data ?? {};
    },
  };
}

export type ContextRepository = ReturnType<typeof createContextRepository>;
