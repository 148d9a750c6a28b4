import type { Pool } from "pg";
import { ATTACHMENTS_OF, type AttachmentRow, toAttachment } from "../../attachments/attachment-rows.ts";
import type { TurnAttachment } from "../../bots/bot.ts";
import { type AttachmentView, withAttachmentsInWords } from "../../core/message/attachment.ts";
import { inWords, readButtons } from "../../core/message/button.ts";
import { type MessageContext, toContext } from "../../core/message/message-context.ts";
import { withContextInWords } from "../../core/message/message-in-words.ts";
import type { VariableValue } from "../../core/session/template.ts";
import { languageOf } from "../../core/session/user-language.ts";
import type { JsonObject } from "../../core/text/json.ts";
import { type ParticipantDataKey, readParticipantData } from "../../users/participant-writes-repository.ts";
import type { HistoryMessage, PromptSession, SummaryState } from "./prompt-session.ts";

interface PromptRow {
  id: string;
  agent_id: string;
  agent_version: number;
  situation: string | null;
  summary: string | null;
  summary_seq: number;
  render_templates: boolean;
  variables: Record<string, VariableValue>;
  metadata: JsonObject;
  next_seq: number;
  idle: boolean;
  user_id: string | null;
  /** Null only without a user, as is the profile. */
  identifier: string;
  name: string | null;
  profile: JsonObject;
  participant_data: JsonObject;
  /** Newest first. */
  recent: HistoryRow[];
}

interface HistoryRow {
  seq: number;
  turn_seq: number;
  role: "user" | "assistant";
  content: string;
  buttons: unknown;
  payload: string | null;
  author: MessageContext["author"];
  message_references: unknown;
  attachments: AttachmentRow[];
}

/** Commands, notices and instructions are not history. */
const HISTORY = `seq, turn_seq, role, content, buttons, payload, author, message_references,
  ${ATTACHMENTS_OF("messages.id")} AS attachments`;

const IN_HISTORY = "origin IN ('user', 'bot', 'operator')";

/** Reads the parts of prompts. It costs the same for a session of ten messages and of ten thousand. */
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
      // Options, choices and files become text for the bot. So a reply such as "2" has a meaning for it.
      content: withAttachmentsInWords(
        withContextInWords(
          inWords({ ...row, buttons: readButtons(row.buttons) }),
          // Only users are named in front of their words.
          row.role === "user" ? toContext({ ...row, sent_at: null }) : null,
        ),
        views,
      ),
      ...(stored.length > 0 && { attachments: stored }),
    };
  }

  return {
    /**
     * Reads a session with the newest `limit` messages before a turn that are not in the summary. One query reads all
     * of it, so that everything is from the same moment. Null: the session was deleted.
     */
    async promptSession(
      sessionId: string,
      recent: { agentId: string; beforeSeq: number; limit: number },
    ): Promise<(PromptSession & { recent: HistoryMessage[] }) | null> {
      const { rows } = await pool.query<PromptRow>({
        name: "prompt_session",
        text: `SELECT s.id, s.agent_id, s.agent_version, s.situation, s.summary, s.summary_seq, s.render_templates, s.variables,
           s.metadata, s.next_seq, s.inbound_seq <= s.answered_seq AS idle, u.id AS user_id, u.identifier, u.name, u.profile, coalesce(p.data, '{}') AS participant_data,
           (SELECT coalesce(json_agg(m), '[]') FROM (
             SELECT ${HISTORY} FROM messages
             WHERE session_id = s.id AND turn_seq > s.summary_seq AND turn_seq < $2::int AND ${IN_HISTORY}
             ORDER BY turn_seq DESC, seq DESC LIMIT $3::int) m) AS recent
         FROM sessions s LEFT JOIN users u ON u.id = s.user_id
         LEFT JOIN participant_data p ON p.owner_id IN (s.user_id, s.id) AND p.agent_id = $4
         WHERE s.id = $1`,
        values: [sessionId, recent.beforeSeq, recent.limit, recent.agentId],
      });
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
        nextSeq: row.next_seq,
        idle: row.idle,
        participantData: row.participant_data,
        recent: row.recent.reverse().map(toHistoryMessage),
        user:
          row.user_id === null
            ? null
            : { id: row.user_id, identifier: row.identifier, name: row.name, profile: row.profile },
      };
    },

    /**
     * The newest `limit` messages before a position that are not in the summary, oldest first. User messages are in
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

    /** Replaces a summary by the one made from it. False: another one has replaced it. It never moves back. */
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

    async language(userId: string): Promise<string | null> {
      const { rows } = await pool.query<{ profile: JsonObject }>("SELECT profile FROM users WHERE id = $1", [
        userId,
      ]);
      return rows[0] ? languageOf(rows[0].profile) : null;
    },

    async participantData(of: ParticipantDataKey): Promise<JsonObject> {
      return (await readParticipantData(pool, of)).data;
    },
  };
}

export type ContextRepository = ReturnType<typeof createContextRepository>;
