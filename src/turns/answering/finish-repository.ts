import type { Pool, PoolClient } from "pg";
import type { Button } from "../../core/message/button.ts";
import type { Answered } from "../../core/message/outbound.ts";
import type { ReplyPart } from "../../core/message/reply-parts.ts";
import type { SentFile } from "../../core/message/sent-file.ts";
import type { TypedChoices } from "../../core/message/typed-choices.ts";
import type { LogEntry } from "../../core/session/turn-log.ts";
import type { JsonObject } from "../../core/text/json.ts";
import { storableJson } from "../../core/text/text.ts";

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
  /** The reason why the bot's text ended, if the bot reported it. */
  finishReason: "stop" | "length" | null;
  log: LogEntry[] | null;
  startedAt: Date;
  /** Its preview was passed on to a delivery. */
  previewTaken?: boolean;
}

/** A file of a reply. A sound that was kept before has no address of its own. */
export type StoredFile = Omit<SentFile, "url"> & { url: string | null };

export interface ReplyRow {
  id: string;
  role: "assistant" | "tool";
  origin: "bot" | "notice" | "operator" | "tool";
  content: string;
  buttons: readonly Button[] | null;
  /** The choices that the reply offers to the user. */
  choices: TypedChoices | null;
  /** Its files, each in its own part. */
  files: readonly StoredFile[];
  metadata: JsonObject;
  executionId: string | null;
  /** The parts for sending it; none if it is not sent. */
  deliveries: ({ id: string; preview?: string } & ReplyPart)[];
}

/** The end of a turn: everything that it wrote, committed together and only while the lease is valid. */
export interface TurnCommit {
  sessionId: string;
  leaseToken: number;
  answeredSeq: number;
  executions: ExecutionResult[];
  replies: ReplyRow[];
  /** The user's messages that the replies answer; null or absent if they answer none. */
  answers?: Answered | null;
}

export type TurnCommitted =
  /**
   * `more`: messages wait and the lane is still ours. Otherwise the lane was released. `edited`: a waiting message was
   * edited, so that the lane reads it again.
   */
  { kind: "committed"; more: boolean; edited?: true } | { kind: "lost" };

/**
 * `turn` is the place of a turn in the batch, and joins everything that it wrote. The session is not enough. A batch
 * may have two turns of one session: one with a lost lease, and one with the current lease.
 *
 * It changes no indexed column of the session, so that its row is updated in place (see
 * sessions/follow-activity-repository.ts).
 */
const FINISH = `
  WITH done AS MATERIALIZED (SELECT * FROM json_to_recordset($1)
    AS t(turn int, session_id text, lease_token int, answered_seq int, replies int, speaks boolean, offer jsonb)),
  held AS MATERIALIZED (
    SELECT s.id, s.edited, d.turn FROM (SELECT * FROM done ORDER BY session_id) d CROSS JOIN LATERAL (
      SELECT id, edited, lease_token, lease_owner, handoff_id FROM sessions WHERE id = d.session_id FOR UPDATE) s
    WHERE s.lease_token = d.lease_token AND s.lease_owner = $5 AND s.handoff_id IS NULL),
  lanes AS (
    UPDATE sessions s SET
      next_seq = s.next_seq + d.replies,
      answered_seq = greatest(s.answered_seq, d.answered_seq),
      edited = false,
      offer = CASE WHEN d.speaks THEN d.offer ELSE s.offer END,
      last_activity_at = CASE WHEN d.replies > 0 THEN now() ELSE s.last_activity_at END,
      lease_owner = CASE WHEN s.inbound_seq > d.answered_seq THEN s.lease_owner END,
      lease_expires_at = CASE WHEN s.inbound_seq > d.answered_seq THEN now() + $6::int * interval '1 millisecond' END
    FROM held h JOIN done d ON d.turn = h.turn WHERE s.id = h.id
    RETURNING h.turn, s.id, s.next_seq - d.replies AS first_seq, s.workspace_id, s.channel_id, s.address,
      d.answered_seq AS turn_seq, (s.lease_owner IS NOT NULL) AS more, h.edited),
  ended AS (
    UPDATE executions e SET status = x.status, attempts = greatest(e.attempts, x.attempts),
      error_code = x.error_code, error = x.error, merged_into = x.merged_into, prompt_tokens = x.prompt_tokens, completion_tokens = x.completion_tokens,
      total_tokens = x.total_tokens, finish_reason = x.finish_reason, log = coalesce(x.log, e.log), started_at = coalesce(e.started_at, x.started_at),
      preview = CASE WHEN x.preview_taken THEN NULL ELSE e.preview END, ended_at = now()
    FROM json_to_recordset($2) AS x(turn int, id text, status text, attempts int, error_code text, error text,
      merged_into text, prompt_tokens int, completion_tokens int, total_tokens int, finish_reason text, log jsonb, started_at timestamptz,
      preview_taken boolean)
    JOIN lanes l ON l.turn = x.turn WHERE e.id = x.id),
  replied AS (
    INSERT INTO messages (id, session_id, seq, turn_seq, role, origin, content, buttons, metadata, execution_id)
    SELECT r.id, l.id, l.first_seq + r.idx, l.turn_seq, r.role, r.origin, r.content, r.buttons, r.metadata, r.execution_id
    FROM json_to_recordset($3) AS r(turn int, id text, idx int, role text, origin text, content text,
      buttons jsonb, metadata jsonb, execution_id text) JOIN lanes l ON l.turn = r.turn),
  filed AS (
    INSERT INTO attachments (id, workspace_id, session_id, message_id, place, kind, name, content_type, source_url)
    SELECT f.id, l.workspace_id, l.id, f.message_id, f.place, f.kind, f.name, f.content_type, f.source_url
    FROM json_to_recordset($7) AS f(turn int, id text, message_id text, place int, kind text, name text,
      content_type text, source_url text) JOIN lanes l ON l.turn = f.turn
    ON CONFLICT (id) DO UPDATE SET message_id = EXCLUDED.message_id, place = EXCLUDED.place, updated_at = now()),
  outbound AS (
    INSERT INTO deliveries (id, workspace_id, channel_id, session_id, message_id, address, part, content, buttons, preview,
      attachment_id, answers)
    SELECT p.id, l.workspace_id, l.channel_id, l.id, p.message_id, coalesce(l.address, l.id), p.part, p.content, p.buttons,
      p.preview, p.attachment_id, p.answers
    FROM json_to_recordset($4) AS p(n int, turn int, id text, message_id text, part int, content text,
      buttons jsonb, preview text, attachment_id text, answers jsonb)
    JOIN lanes l ON l.turn = p.turn ORDER BY p.n)
  SELECT d.turn, l.more, l.edited FROM done d LEFT JOIN lanes l ON l.turn = d.turn`;

/**
 * Finds out if the ends of turns were written. A turn with replies is identified by them, and a turn without replies by
 * its execution. A turn without both is identified by the progress of its lane.
 */
const SETTLED = `
  SELECT d.turn, s.lease_token = d.lease_token AS same_lease, s.lease_owner IS NOT DISTINCT FROM $2 AS ours,
    CASE WHEN d.reply_id IS NOT NULL THEN EXISTS (SELECT 1 FROM messages WHERE id = d.reply_id)
      WHEN d.execution_id IS NOT NULL THEN EXISTS (
        SELECT 1 FROM executions WHERE id = d.execution_id AND status IN ('completed', 'failed', 'cancelled'))
      ELSE s.lease_token = d.lease_token AND s.answered_seq >= d.answered_seq END AS written
  FROM json_to_recordset($1) AS d(turn int, session_id text, lease_token int, answered_seq int, reply_id text,
    execution_id text)
  JOIN sessions s ON s.id = d.session_id`;

interface SettledRow {
  turn: number;
  same_lease: boolean;
  ours: boolean;
  written: boolean;
}

export type FinishRepository = ReturnType<typeof createFinishRepository>;

/** Ends turns. One statement writes all their data, so that either all of it is stored or nothing. */
export function createFinishRepository(pool: Pool, identity: { owner: string; leaseMs: number }) {
  const { owner, leaseMs } = identity;
  return {
    /** Ends any number of turns in one commit. Returns one outcome per turn, in the given order. */
    async finish(commits: TurnCommit[], client: Pool | PoolClient = pool): Promise<TurnCommitted[]> {
      const { rows } = await client.query<{ turn: number; more: boolean | null; edited: boolean | null }>({
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
      const outcomes = new Map(rows.map((row) => [row.turn, row]));
      return commits.map((_commit, turn) => {
        const { more, edited } = outcomes.get(turn) ?? { more: null, edited: null };
        if (more === null) return { kind: "lost" };
        return { kind: "committed", more, ...(edited ? { edited } : {}) };
      });
    },

    /**
     * The outcome of turns whose commit got no answer from the database. Null: it was not written, and may still be.
     */
    async findWritten(commits: TurnCommit[]): Promise<(TurnCommitted | null)[]> {
      const asked = commits.map(({ sessionId, leaseToken, answeredSeq, replies, executions }, turn) => ({
        turn,
        session_id: sessionId,
        lease_token: leaseToken,
        answered_seq: answeredSeq,
        reply_id: replies[0]?.id ?? null,
        execution_id: executions[0]?.id ?? null,
      }));
      const { rows } = await pool.query<SettledRow>(SETTLED, [storableJson(asked), owner]);
      const found = new Map(rows.map((row) => [row.turn, row]));
      return commits.map((_commit, turn) => {
        const row = found.get(turn);
        if (row === undefined) return { kind: "lost" };
        const held = row.same_lease && row.ours;
        // Nobody knows any more if a message was edited before that commit.
        if (row.written) return { kind: "committed", more: held, edited: true };
        return held ? null : { kind: "lost" };
      });
    },
  };
}

function laneRecord(commit: TurnCommit, turn: number) {
  const spoken = commit.replies.findLast(({ origin }) => origin === "bot" || origin === "operator");
  return {
    turn,
    session_id: commit.sessionId,
    lease_token: commit.leaseToken,
    answered_seq: commit.answeredSeq,
    replies: commit.replies.length,
    // An apology withdraws nothing: earlier choices stay valid.
    speaks: spoken !== undefined,
    offer: spoken?.choices ?? null,
  };
}

function executionRecords(commit: TurnCommit, turn: number) {
  return commit.executions.map((execution) => ({
    turn,
    id: execution.id,
    status: execution.status,
    attempts: execution.attempts,
    error_code: execution.errorCode,
    error: execution.error,
    merged_into: execution.mergedInto,
    prompt_tokens: execution.promptTokens,
    completion_tokens: execution.completionTokens,
    total_tokens: execution.totalTokens,
    finish_reason: execution.finishReason,
    log: execution.log,
    started_at: execution.startedAt,
    preview_taken: execution.previewTaken ?? false,
  }));
}

function replyRecords(commit: TurnCommit, turn: number) {
  return commit.replies.map((reply, idx) => ({
    turn,
    id: reply.id,
    idx,
    role: reply.role,
    origin: reply.origin,
    content: reply.content,
    buttons: reply.buttons,
    metadata: reply.metadata,
    execution_id: reply.executionId,
  }));
}

function deliveryRecords(commit: TurnCommit, turn: number) {
  return commit.replies.flatMap((reply) =>
    reply.deliveries.map((delivery, part) => ({
      turn,
      id: delivery.id,
      message_id: reply.id,
      part,
      content: delivery.content,
      preview: delivery.preview ?? null,
      buttons: delivery.buttons,
      attachment_id: delivery.attachmentId ?? null,
      answers: commit.answers ?? null,
    })),
  );
}

function fileRecords(commit: TurnCommit, turn: number) {
  return commit.replies.flatMap((reply) =>
    reply.files.map((file, place) => ({
      turn,
      id: file.id,
      message_id: reply.id,
      place,
      kind: file.kind,
      name: file.name,
      content_type: file.contentType,
      source_url: file.url,
    })),
  );
}
