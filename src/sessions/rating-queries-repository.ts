import type { Pool } from "pg";
import type { MessageFeedback, Rating } from "../core/message/rating.ts";
import { type PageRequest, type Slice, toSlice } from "../core/page.ts";
import { countRows } from "../storage/row-count.ts";
import { type RatingRow, toFeedback } from "./rating-rows.ts";

/** A rating with the message that it is about. */
export interface FeedbackView extends MessageFeedback {
  id: string;
  messageId: string;
  sessionId: string;
  agentId: string;
  agentVersion: number;
  /** The channel's name. */
  channel: string;
  /** The words that were rated. */
  content: string;
}

export interface FeedbackFilters {
  sessionId?: string | undefined;
  agentId?: string | undefined;
  /** By name. */
  channel?: string | undefined;
  rating?: Rating | undefined;
}

interface Row extends RatingRow {
  id: string;
  message_id: string;
  session_id: string;
  agent_id: string;
  agent_version: number;
  channel: string;
  content: string;
}

const COLUMNS = `r.id, r.message_id, r.rating, r.comment, r.rater, r.rater_name, r.via, r.created_at, r.updated_at,
  s.id AS session_id, s.agent_id, coalesce(e.agent_version, s.agent_version) AS agent_version, c.name AS channel, m.content`;
const FROM = `message_ratings r JOIN messages m ON m.id = r.message_id JOIN sessions s ON s.id = m.session_id
  JOIN channels c ON c.id = s.channel_id LEFT JOIN executions e ON e.id = m.execution_id`;
const MATCHES = `r.workspace_id = $1 AND r.rating IS NOT NULL AND ($2::text IS NULL OR s.id = $2)
  AND ($3::text IS NULL OR s.agent_id = $3) AND ($4::text IS NULL OR c.name = $4)
  AND ($5::text IS NULL OR r.rating = $5)`;

export type FeedbackQueries = ReturnType<typeof createFeedbackQueries>;

/** Ratings as the API lists them. */
export function createFeedbackQueries(pool: Pool) {
  return {
    /** Newest first. */
    async list(
      workspaceId: string,
      filters: FeedbackFilters,
      page: PageRequest,
    ): Promise<Slice<FeedbackView>> {
      const { sessionId = null, agentId = null, channel = null, rating = null } = filters;
      const matching = [workspaceId, sessionId, agentId, channel, rating];
      const [total, { rows }] = await Promise.all([
        countRows(pool, FROM, MATCHES, matching),
        pool.query<Row>(
          `SELECT ${COLUMNS} FROM ${FROM}
           WHERE ${MATCHES} AND ($6::timestamptz IS NULL OR (r.created_at, r.id) < ($6, $7))
           ORDER BY r.created_at DESC, r.id DESC LIMIT $8 OFFSET $9`,
          [...matching, page.after?.at ?? null, page.after?.id ?? null, page.limit + 1, page.offset],
        ),
      ]);
      return toSlice(rows.map(toView), page.limit, total, (row) => ({ at: row.createdAt, id: row.id }));
    },
  };
}

function toView(row: Row): FeedbackView {
  return {
    ...toFeedback(row),
    id: row.id,
    messageId: row.message_id,
    sessionId: row.session_id,
    agentId: row.agent_id,
    agentVersion: row.agent_version,
    channel: row.channel,
    content: row.content,
  };
}
