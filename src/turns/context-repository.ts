import type { Pool } from "pg";
import type { TurnAttachment } from "../bots/bot.ts";
import { type AttachmentView, withAttachmentsInWords } from "../core/attachment.ts";
import { inWords, readButtons } from "../core/button.ts";
import type { JsonObject } from "../core/json.ts";
import type { VariableValue } from "../core/template.ts";
import { ATTACHMENTS_OF, type AttachmentRow, toAttachment } from "../storage/attachment-rows.ts";

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
  /** The seq the next message gets. */
  nextSeq: number;
  /** Whether nothing waits for an answer or is being answered. */
  idle: boolean;
  user: { id: string; identifier: string; name: string | null; profile: JsonObject } | null;
  participantData: JsonObject;
}

/** A message the bot may be shown again. */
export interface HistoryMessage {
  seq: number;
  turnSeq: number;
  role: "user" | "assistant";
  /** Its text, and its files in words. */
  content: string;
  /** Those of its files that can be read; absent for most. */
  attachments?: readonly TurnAttachment[];
}

/** What a summary says and the newest turn it covers. */
export interface SummaryState {
  summary: string | null;
  summarySeq: number;
}

interface HistoryRow {
  seq: number;
  turn_seq: number;
  role: "user" | "assistant";
  content: string;
  buttons: unknown;
  payload: string | null;
  attachments: AttachmentRow[];
}

/** Commands, notices and instructions are not history. */
const HISTORY = `seq, turn_seq, role, content, buttons, payload, ${ATTACHMENTS_OF("messages.id")} AS attachments`;
const IN_HISTORY = "origin IN ('user', 'bot', 'operator')";

/** What prompts are made of. Costs the same for a session of ten messages and of ten thousand. */
export function createContextRepository(
  pool: Pool,
  options: { openAttachment(view: AttachmentView): TurnAttachment },
) {
  function toHistoryMessage(row: HistoryRow): HistoryMessage {
    const views = row.attachments.map(toAttachment);
    const stored = views.filter(({ state }) => state === "stored").map(options.openAttachment);
    return {
      seq: row.seq,
      turnSeq: row.turn_seq,
      role: row.role,
      // The bot reads what it offered and what was chosen as text: then "2" means something to it. Files likewise.
      content: withAttachmentsInWords(inWords({ ...row, buttons: readButtons(row.buttons) }), views),
      ...(stored.length > 0 && { attachments: stored }),
    };
  }

  return {
    /**
     * A session with the newest `limit` of what was said in it before a turn and is not in the summary: one look, so
     * that all of it is of the same moment. Null where it was deleted.
     */
    async promptSession(
      sessionId: string,
      recent: { agentId: string; beforeSeq: number; limit: number },
    ): Promise<(PromptSession & { recent: HistoryMessage[] }) | null> {
      const { rows } = await pool.query({
        name: "prompt_session",
        text: `SELECT s.id, s.agent_id, s.agent_version, s.situation, s.summary, s.summary_seq, s.render_templates, s.variables,
           s.metadata, s.next_seq, s.inbound_seq <= s.answered_seq AS idle, u.id AS user_id, u.identifier, u.name, u.profile, coalesce(p.data, '{}') AS participant_data,
           (SELECT coalesce(json_agg(m), '[]') FROM (
             SELECT ${HISTORY} FROM messages
             WHERE session_id = s.id AND turn_seq > s.summary_seq AND turn_seq < $2::int AND ${IN_HISTORY}
             ORDER BY turn_seq DESC, seq DESC LIMIT $3::int) m) AS recent
         FROM sessions s LEFT JOIN users u ON u.id = s.user_id
         LEFT JOIN participant_data p ON p.user_id = s.user_id AND p.agent_id = $4
         WHERE s.id = $1`,
        values: [sessionId, recent.beforeSeq, recent.limit, recent.agentId],
      });
      const row = rows[0];
      if (!row) return null;
      const newestFirst: HistoryRow[] = row.recent;
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
        nextSeq: row.next_seq,
        idle: row.idle,
        participantData: row.participant_data,
        recent: newestFirst.reverse().map(toHistoryMessage),
        user:
          row.user_id === null
            ? null
            : { id: row.user_id, identifier: row.identifier, name: row.name, profile: row.profile },
      };
    },

    /**
     * The newest `limit` of what was said before a place and is not in the summary, oldest first. User messages come in
     * order, each followed by its reply.
     */
    async history(
      sessionId: string,
      range: { afterSeq: number; before: { turnSeq: number; seq: number }; limit: number },
    ): Promise<HistoryMessage[]> {
      const { rows } = await pool.query<HistoryRow>(
        `SELECT ${HISTORY} FROM messages
         WHERE session_id = $1 AND turn_seq > $2 AND (turn_seq, seq) < ($3::int, $4::int) AND ${IN_HISTORY}
         ORDER BY turn_seq DESC, seq DESC LIMIT $5`,
        [sessionId, range.afterSeq, range.before.turnSeq, range.before.seq, range.limit],
      );
      return rows.reverse().map(toHistoryMessage);
    },

    /** The oldest `limit` messages that the summary does not cover, up to a turn. */
    async unsummarized(
      sessionId: string,
      range: { afterSeq: number; throughSeq: number; limit: number },
    ): Promise<HistoryMessage[]> {
      const { rows } = await pool.query<HistoryRow>(
        `SELECT ${HISTORY} FROM messages
         WHERE session_id = $1 AND turn_seq > $2 AND turn_seq <= $3 AND ${IN_HISTORY}
         ORDER BY turn_seq, seq LIMIT $4`,
        [sessionId, range.afterSeq, range.throughSeq, range.limit],
      );
      return rows.map(toHistoryMessage);
    },

    /** Replaces a summary by the one made from it; false if it is not there any more. Never goes back. */
    async storeSummary(sessionId: string, from: SummaryState, to: SummaryState): Promise<boolean> {
      const { rowCount } = await pool.query(
        `UPDATE sessions SET summary = $2, summary_seq = $3
         WHERE id = $1 AND summary_seq = $4 AND summary IS NOT DISTINCT FROM $5 AND $3 > $4`,
        [sessionId, to.summary, to.summarySeq, from.summarySeq, from.summary],
      );
      return rowCount === 1;
    },

    async summaryState(sessionId: string): Promise<SummaryState | null> {
      const { rows } = await pool.query<{ summary: string | null; summary_seq: number }>(
        "SELECT summary, summary_seq FROM sessions WHERE id = $1",
        [sessionId],
      );
      return rows[0] ? { summary: rows[0].summary, summarySeq: rows[0].summary_seq } : null;
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
