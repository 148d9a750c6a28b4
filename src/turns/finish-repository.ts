import type { Pool, PoolClient } from "pg";
import type { Button } from "../core/button.ts";
import type { JsonObject } from "../core/json.ts";
import type { Offer } from "../core/offer.ts";
import type { ReplyPart } from "../core/reply-parts.ts";
import type { SentFile } from "../core/sent-file.ts";
import { storableJson } from "../core/text.ts";
import type { LogEntry } from "../core/turn-log.ts";

export interface ExecutionResult {
  id: string;
  status: "completed" | "failed" | "cancelled";
  attempts: number;
  errorCode: string | null;
  error: string | null;
  mergedInto: string | null;
  promptTokens: number | null;
  completionTokens: number | null;
  totalTokens: number | null;
  log: LogEntry[] | null;
  startedAt: Date;
  /** Its preview was handed on to a delivery. */
  previewTaken?: boolean;
}

export interface ReplyRow {
  id: string;
  role: "assistant" | "tool";
  origin: "bot" | "notice" | "operator" | "tool";
  content: string;
  buttons: readonly Button[] | null;
  /** What may be written in answer to it. */
  offer: Offer | null;
  /** Its files, each in a part of its own. */
  files: readonly SentFile[];
  metadata: JsonObject;
  executionId: string | null;
  /** The parts it travels in; none for what is not sent. */
  deliveries: ({ id: string; preview?: string } & ReplyPart)[];
}

/** The end of a turn: everything it wrote, committed together and only while the lease holds. */
export interface TurnCommit {
  sessionId: string;
  leaseToken: number;
  answeredSeq: number;
  executions: ExecutionResult[];
  replies: ReplyRow[];
}

export type TurnCommitted =
  /** `more` messages wait and the lane is still ours; otherwise it was released. */
  { kind: "committed"; more: boolean } | { kind: "lost" };

const FINISH = `
  WITH done AS MATERIALIZED (SELECT * FROM json_to_recordset($1)
    AS t(session_id text, lease_token int, answered_seq int, replies int, speaks boolean, offer jsonb)),
  held AS MATERIALIZED (
    SELECT s.id FROM (SELECT * FROM done ORDER BY session_id) d CROSS JOIN LATERAL (
      SELECT id, lease_token, lease_owner FROM sessions WHERE id = d.session_id FOR UPDATE) s
    WHERE s.lease_token = d.lease_token AND s.lease_owner = $5),
  lanes AS (
    UPDATE sessions s SET
      next_seq = s.next_seq + d.replies,
      answered_seq = greatest(s.answered_seq, d.answered_seq),
      offer = CASE WHEN d.speaks THEN d.offer ELSE s.offer END,
      updated_at = CASE WHEN d.replies > 0 THEN now() ELSE s.updated_at END,
      last_activity_at = CASE WHEN d.replies > 0 THEN now() ELSE s.last_activity_at END,
      lease_owner = CASE WHEN s.inbound_seq > d.answered_seq THEN s.lease_owner END,
      lease_expires_at = CASE WHEN s.inbound_seq > d.answered_seq THEN now() + $6::int * interval '1 millisecond' END
    FROM done d, held h WHERE s.id = d.session_id AND h.id = s.id
    RETURNING s.id, s.next_seq - d.replies AS first_seq, s.workspace_id, s.channel_id, s.address,
      d.answered_seq AS turn_seq, (s.lease_owner IS NOT NULL) AS more),
  ended AS (
    UPDATE executions e SET status = x.status, attempts = greatest(e.attempts, x.attempts),
      error_code = x.error_code, error = x.error, merged_into = x.merged_into, prompt_tokens = x.prompt_tokens, completion_tokens = x.completion_tokens,
      total_tokens = x.total_tokens, log = coalesce(x.log, e.log), started_at = coalesce(e.started_at, x.started_at),
      preview = CASE WHEN x.preview_taken THEN NULL ELSE e.preview END, ended_at = now()
    FROM json_to_recordset($2) AS x(id text, session_id text, status text, attempts int, error_code text, error text,
      merged_into text, prompt_tokens int, completion_tokens int, total_tokens int, log jsonb, started_at timestamptz,
      preview_taken boolean)
    JOIN lanes l ON l.id = x.session_id WHERE e.id = x.id),
  replied AS (
    INSERT INTO messages (id, session_id, seq, turn_seq, role, origin, content, buttons, metadata, execution_id)
    SELECT r.id, l.id, l.first_seq + r.idx, l.turn_seq, r.role, r.origin, r.content, r.buttons, r.metadata, r.execution_id
    FROM json_to_recordset($3) AS r(id text, session_id text, idx int, role text, origin text, content text,
      buttons jsonb, metadata jsonb, execution_id text) JOIN lanes l ON l.id = r.session_id),
  filed AS (
    INSERT INTO attachments (id, workspace_id, session_id, message_id, place, kind, name, content_type, source_url)
    SELECT f.id, l.workspace_id, l.id, f.message_id, f.place, f.kind, f.name, f.content_type, f.source_url
    FROM json_to_recordset($7) AS f(id text, session_id text, message_id text, place int, kind text, name text,
      content_type text, source_url text) JOIN lanes l ON l.id = f.session_id),
  outbound AS (
    INSERT INTO deliveries (id, workspace_id, channel_id, session_id, message_id, address, part, content, buttons, preview,
      attachment_id)
    SELECT p.id, l.workspace_id, l.channel_id, l.id, p.message_id, coalesce(l.address, l.id), p.part, p.content, p.buttons,
      p.preview, p.attachment_id
    FROM json_to_recordset($4) AS p(n int, id text, session_id text, message_id text, part int, content text,
      buttons jsonb, preview text, attachment_id text)
    JOIN lanes l ON l.id = p.session_id ORDER BY p.n)
  SELECT d.session_id, l.more FROM done d LEFT JOIN lanes l ON l.id = d.session_id`;

export type FinishRepository = ReturnType<typeof createFinishRepository>;

/** Ends turns: one statement for everything they wrote, so that it is there together or not at all. */
export function createFinishRepository(pool: Pool, identity: { owner: string; leaseMs: number }) {
  const { owner, leaseMs } = identity;
  return {
    /** Ends any number of turns in one commit; one outcome per turn, in the order given. */
    async finish(commits: TurnCommit[], client: Pool | PoolClient = pool): Promise<TurnCommitted[]> {
      const { rows } = await client.query<{ session_id: string; more: boolean | null }>({
        name: "finish_turns",
        text: FINISH,
        values: [
          storableJson(commits.map(laneRecord)),
          storableJson(commits.flatMap(executionRecords)),
          storableJson(commits.flatMap(replyRecords)),
          storableJson(commits.flatMap(deliveryRecords).map((row, n) => ({ n, ...row }))),
          owner,
          leaseMs,
          storableJson(commits.flatMap(fileRecords)),
        ],
      });
      const outcomes = new Map(rows.map((row) => [row.session_id, row.more]));
      return commits.map((commit) => {
        const more = outcomes.get(commit.sessionId) ?? null;
        return more === null ? { kind: "lost" } : { kind: "committed", more };
      });
    },
  };
}

function laneRecord(commit: TurnCommit) {
  const spoken = commit.replies.findLast(({ origin }) => origin === "bot" || origin === "operator");
  return {
    session_id: commit.sessionId,
    lease_token: commit.leaseToken,
    answered_seq: commit.answeredSeq,
    replies: commit.replies.length,
    // An apology takes nothing back: what was offered before it can still be chosen.
    speaks: spoken !== undefined,
    offer: spoken?.offer ?? null,
  };
}

function executionRecords(commit: TurnCommit) {
  return commit.executions.map((execution) => ({
    id: execution.id,
    session_id: commit.sessionId,
    status: execution.status,
    attempts: execution.attempts,
    error_code: execution.errorCode,
    error: execution.error,
    merged_into: execution.mergedInto,
    prompt_tokens: execution.promptTokens,
    completion_tokens: execution.completionTokens,
    total_tokens: execution.totalTokens,
    log: execution.log,
    started_at: execution.startedAt,
    preview_taken: execution.previewTaken ?? false,
  }));
}

function replyRecords(commit: TurnCommit) {
  return commit.replies.map((reply, idx) => ({
    id: reply.id,
    session_id: commit.sessionId,
    idx,
    role: reply.role,
    origin: reply.origin,
    content: reply.content,
    buttons: reply.buttons,
    metadata: reply.metadata,
    execution_id: reply.executionId,
  }));
}

function deliveryRecords(commit: TurnCommit) {
  return commit.replies.flatMap((reply) =>
    reply.deliveries.map((delivery, part) => ({
      id: delivery.id,
      session_id: commit.sessionId,
      message_id: reply.id,
      part,
      content: delivery.content,
      preview: delivery.preview ?? null,
      buttons: delivery.buttons,
      attachment_id: delivery.attachmentId ?? null,
    })),
  );
}

function fileRecords(commit: TurnCommit) {
  return commit.replies.flatMap((reply) =>
    reply.files.map((file, place) => ({
      id: file.id,
      session_id: commit.sessionId,
      message_id: reply.id,
      place,
      kind: file.kind,
      name: file.name,
      content_type: file.contentType,
      source_url: file.url,
    })),
  );
}
