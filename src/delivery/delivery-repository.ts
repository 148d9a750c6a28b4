import type { Pool } from "pg";
import { type Button, readButtons } from "../core/button.ts";
import type { OutboundFile } from "../core/outbound.ts";
import { storableJson } from "../core/text.ts";
import { isTaken } from "../storage/unique-violation.ts";

/** A delivery this process has claimed and must send now. */
export interface ClaimedDelivery {
  id: string;
  channelId: string;
  sessionId: string;
  messageId: string;
  address: string;
  part: number;
  content: string;
  /** What stands on the platform for it already. */
  preview: string | null;
  /** Shown below it; none for most. */
  buttons: Button[];
  /** The file it is; then the content stands in for it. */
  file: OutboundFile | null;
  attempts: number;
  /** An earlier send of it may have arrived. */
  possibleDuplicate: boolean;
  createdAt: Date;
}

/** What a claim found: what may be sent now, in order, and what has to wait. */
export interface Claim {
  claimed: ClaimedDelivery[];
  /** Behind another delivery of their lane, or their channel is paused. */
  waiting: { id: string; address: string; retryInMs: number }[];
}

export type DeliveryStatus = "queued" | "sending" | "sent" | "delivered" | "read" | "failed" | "unknown";

/** What became of an attempt. Only the claim it belongs to may record it. */
export interface AttemptRecord {
  id: string;
  attempts: number;
  status: "queued" | "sent" | "delivered" | "failed" | "unknown";
  externalIds: string[];
  errorCode: string | null;
  error: string | null;
  /** For `queued` and `unknown`: when to try again; null: not at all. */
  retryInMs: number | null;
  /** The conversation moved: later attempts go there. */
  address: string | null;
  /** Nothing was sent: the attempt does not count. */
  uncounted?: boolean;
  /** What was lost before has been found: it arrived once. */
  once?: boolean;
}

/** What stands behind, in the words of the index on lanes, so that nothing else is read. */
const FOLLOWING = `  following AS MATERIALIZED (
    SELECT f.id, f.channel_id, f.address, f.ordinal
    FROM (SELECT channel_id, address, min(ordinal) AS first FROM wanted GROUP BY channel_id, address) l
    CROSS JOIN LATERAL (
      SELECT id, channel_id, address, ordinal, next_attempt_at FROM deliveries
      WHERE channel_id = l.channel_id AND address = l.address AND ordinal > l.first
        AND status IN ('queued', 'sending', 'unknown') AND status <> 'sending'
      ORDER BY ordinal LIMIT 10 FOR UPDATE SKIP LOCKED) f WHERE f.next_attempt_at <= now()),
`;

/**
 * Takes deliveries in lane order. A delivery may go only when everything before it in its lane (channel, address) is
 * settled or taken by this same claim. Rows are locked first and whatever is locked elsewhere is skipped, so a stale
 * look at a neighbour can only make it wait, never overtake. What this owner claimed without ever hearing of it (the
 * connection was lost before the answer) was never sent: it may be claimed again.
 *
 * What stands behind them in their lanes goes along where it is asked for, whichever job names it: one that came too early
 * looks again only after a while, and in a conversation that goes on everything behind it would wait for that, time and
 * again. To look for it costs as much as claiming does.
 *
 * Row by row (LATERAL, OFFSET 0), so that a claim costs the same however much waits: by the few rows that are under way
 * when nothing is wrong, the planner would read all of them for each claim, which is slowest when most is waiting. Lists
 * come as JSON: of an array the planner sees how long it is, believes a plan of its own to be worth it, and planning takes
 * four times as long as claiming.
 */
const claimStatement = (along: boolean) => `
  WITH wanted AS MATERIALIZED (
    SELECT d.* FROM json_array_elements_text($1) AS w(id) CROSS JOIN LATERAL (
      SELECT id, channel_id, address, ordinal, status, next_attempt_at, claimed_by FROM deliveries
      WHERE id = w.id FOR UPDATE SKIP LOCKED) d),
${along ? FOLLOWING : ""}  locked AS MATERIALIZED (
    SELECT id, channel_id, address, ordinal FROM wanted
    WHERE status IN ('queued', 'unknown') AND next_attempt_at <= now()
      OR status = 'sending' AND claimed_by = $2 AND id NOT IN (SELECT json_array_elements_text($4))
    ${along ? "UNION SELECT id, channel_id, address, ordinal FROM following" : ""}),
  free AS (
    SELECT l.id FROM locked l JOIN channels c ON c.id = l.channel_id
    WHERE (c.paused_until IS NULL OR c.paused_until <= now()) AND NOT EXISTS (
      SELECT 1 FROM deliveries e
      WHERE e.channel_id = l.channel_id AND e.address = l.address AND e.ordinal < l.ordinal
        AND e.status IN ('queued', 'sending', 'unknown')
        AND (e.status <> 'unknown' OR e.next_attempt_at IS NOT NULL)
        AND e.id NOT IN (SELECT id FROM locked) OFFSET 0))
  UPDATE deliveries d SET status = 'sending', attempts = attempts + 1, claimed_by = $2, updated_at = now(),
    claimed_until = now() + $3::int * interval '1 millisecond'
  FROM free WHERE d.id = free.id
  RETURNING d.id, d.channel_id, d.session_id, d.message_id, d.address, d.part, d.content, d.buttons, d.preview, d.attempts,
    d.possible_duplicate, d.created_at, d.ordinal, CASE WHEN d.attachment_id IS NOT NULL THEN (
      SELECT json_build_object('kind', a.kind, 'name', a.name, 'contentType', a.content_type, 'url', a.source_url)
      FROM attachments a WHERE a.id = d.attachment_id) END AS file`;

const CLAIM = claimStatement(false);
const CLAIM_ALONG = claimStatement(true);

/**
 * What a delivery that cannot go now waits for: its own time, its channel's pause, or the retry of one before it. One that
 * this owner has claimed without ever hearing of it waits for nothing: its claim was still being committed a moment ago.
 */
const WAITING = `
  SELECT d.id, d.address, greatest(0, ceil(extract(epoch FROM
    greatest(d.next_attempt_at, c.paused_until, ahead.next_attempt_at) - now()) * 1000))::int AS wait_ms,
    coalesce(ahead.parked, false) AS parked
  FROM deliveries d JOIN channels c ON c.id = d.channel_id
  LEFT JOIN LATERAL (SELECT max(e.next_attempt_at) AS next_attempt_at,
      bool_or(e.status = 'queued' AND e.next_attempt_at IS NULL) AS parked
    FROM deliveries e
    WHERE e.channel_id = d.channel_id AND e.address = d.address AND e.ordinal < d.ordinal
      AND e.status IN ('queued', 'unknown')) ahead ON true
  WHERE d.id = ANY($1) AND d.next_attempt_at IS NOT NULL
    AND (d.status IN ('queued', 'unknown') OR d.status = 'sending' AND d.claimed_by = $2 AND d.id <> ALL($3))`;

/** Parks what stands behind a parked delivery of its lane, for the same reason. */
const PARK_BEHIND = `
  UPDATE deliveries d SET next_attempt_at = NULL, error_code = ahead.error_code, error = ahead.error, updated_at = now()
  FROM (SELECT DISTINCT ON (w.id) w.id, e.error_code, e.error FROM deliveries w
    JOIN deliveries e ON e.channel_id = w.channel_id AND e.address = w.address AND e.ordinal < w.ordinal
      AND e.status = 'queued' AND e.next_attempt_at IS NULL
    WHERE w.id = ANY($1) ORDER BY w.id, e.ordinal DESC) ahead
  WHERE d.id = ahead.id AND d.status = 'queued'`;

/** Row by row as well. */
const RECORD = `
  WITH outcome AS MATERIALIZED (
    SELECT * FROM json_to_recordset($1) AS x(id text, attempts int, status text, external_ids json, error_code text,
      error text, retry_in_ms int, address text, uncounted boolean, once boolean)),
  mine AS MATERIALIZED (
    SELECT d.* FROM outcome x CROSS JOIN LATERAL (
      SELECT id, status, claimed_by, attempts FROM deliveries WHERE id = x.id FOR UPDATE) d)
  UPDATE deliveries d SET status = x.status, updated_at = now(), claimed_by = NULL, claimed_until = NULL,
    attempts = d.attempts - CASE WHEN x.uncounted THEN 1 ELSE 0 END,
    external_ids = ARRAY(SELECT json_array_elements_text(x.external_ids)), error_code = x.error_code, error = x.error,
    address = coalesce(x.address, d.address),
    possible_duplicate = (d.possible_duplicate OR x.status = 'unknown') AND NOT x.once,
    sent_at = CASE WHEN x.status IN ('sent', 'delivered') THEN now() ELSE d.sent_at END,
    next_attempt_at = CASE WHEN x.retry_in_ms IS NOT NULL THEN now() + x.retry_in_ms * interval '1 millisecond' END
  FROM outcome x JOIN mine m ON m.id = x.id
  WHERE d.id = m.id AND m.status = 'sending' AND m.claimed_by = $2 AND m.attempts = x.attempts
  RETURNING d.id`;

/**
 * The same where attempts went wrong: each leaves an incident, in the same commit. What was not even tried leaves one in
 * all: it waits for the user, and may be looked at often until they write. What is noted of a send that was taken stands
 * with the delivery.
 */
const RECORD_INCIDENTS = `
  WITH recorded AS (${RECORD}, d.session_id, x.attempts AS attempt, d.status, d.error_code, d.error, d.next_attempt_at,
    x.uncounted),
  noted AS (
    INSERT INTO incidents (session_id, subject_id, attempt, code, reason, outcome, next_at)
    SELECT session_id, id, attempt, error_code, error, CASE status WHEN 'queued' THEN 'retry' ELSE status END,
      next_attempt_at FROM recorded r WHERE error_code IS NOT NULL AND status NOT IN ('sent', 'delivered')
      AND NOT (uncounted AND EXISTS (SELECT 1 FROM incidents i WHERE i.session_id = r.session_id
        AND i.subject_id = r.id AND i.code = r.error_code)))
  SELECT id FROM recorded`;

const SENDER_DIED = "the process that was sending this died before it recorded the outcome";

export type DeliveryRepository = ReturnType<typeof createDeliveryRepository>;

/** The rows behind deliveries. Raw SQL: every step is one conditional statement over a batch. */
export function createDeliveryRepository(pool: Pool, identity: { owner: string; sendLeaseMs: number }) {
  return {
    /**
     * @param inHand what this process knows to have claimed and has not recorded.
     * @param along whether what stands behind them may have come too early, and is to go along.
     */
    async claim(ids: string[], inHand: readonly string[], along: boolean): Promise<Claim> {
      const { rows } = await pool.query({
        name: along ? "claim_along" : "claim_deliveries",
        text: along ? CLAIM_ALONG : CLAIM,
        values: [JSON.stringify(ids), identity.owner, identity.sendLeaseMs, JSON.stringify(inHand)],
      });
      const claimed = rows
        .sort((a, b) => Number(BigInt(a.ordinal) - BigInt(b.ordinal)))
        .map(
          (row): ClaimedDelivery => ({
            id: row.id,
            channelId: row.channel_id,
            sessionId: row.session_id,
            messageId: row.message_id,
            address: row.address,
            part: row.part,
            content: row.content,
            preview: row.preview,
            buttons: readButtons(row.buttons),
            file: row.file,
            attempts: row.attempts,
            possibleDuplicate: row.possible_duplicate,
            createdAt: row.created_at,
          }),
        );
      const taken = new Set(claimed.map((delivery) => delivery.id));
      const rest = ids.filter((id) => !taken.has(id));
      return { claimed, waiting: rest.length > 0 ? await this.waiting(rest, inHand) : [] };
    },

    async waiting(ids: string[], inHand: readonly string[]): Promise<Claim["waiting"]> {
      const { rows } = await pool.query<{
        id: string;
        address: string;
        wait_ms: number | null;
        parked: boolean;
      }>(WAITING, [ids, identity.owner, inHand]);
      const behindParked = rows.filter((row) => row.parked).map((row) => row.id);
      // They wait for the same as the one before them, and no job has to look at them until then.
      if (behindParked.length > 0) await pool.query(PARK_BEHIND, [behindParked]);
      return rows
        .filter((row) => !row.parked)
        .map((row) => ({ id: row.id, address: row.address, retryInMs: row.wait_ms ?? 0 }));
    },

    /** Records attempts in one commit; true for each that was still ours to record. */
    async record(records: AttemptRecord[]): Promise<boolean[]> {
      const allWell = records.every(({ errorCode }) => errorCode === null);
      const { rows } = await pool.query<{ id: string }>({
        name: allWell ? "record_deliveries" : "record_incidents",
        text: allWell ? RECORD : RECORD_INCIDENTS,
        values: [
          storableJson(
            records.map((record) => ({
              id: record.id,
              attempts: record.attempts,
              status: record.status,
              external_ids: record.externalIds,
              error_code: record.errorCode,
              error: record.error,
              retry_in_ms: record.retryInMs,
              address: record.address,
              uncounted: record.uncounted ?? false,
              once: record.once ?? false,
            })),
          ),
          identity.owner,
        ],
      });
      const recorded = new Set(rows.map((row) => row.id));
      return records.map((record) => recorded.has(record.id));
    },

    /** Holds back every send of a channel, on all processes. */
    async pauseChannel(channelId: string, ms: number): Promise<void> {
      await pool.query(
        `UPDATE channels SET paused_until = greatest(paused_until, now() + $2::int * interval '1 millisecond') WHERE id = $1`,
        [channelId, ms],
      );
    },

    /** A conversation has another address: what waits for the old one goes to the new one, and so do later replies. */
    async moveAddress(channelId: string, from: string, to: string): Promise<void> {
      await pool.query(
        `WITH lanes AS (UPDATE sessions SET address = $3 WHERE channel_id = $1 AND address = $2 AND status = 'active'),
         people AS (UPDATE users SET identifier = $3 WHERE channel_id = $1 AND identifier = $2
           AND NOT EXISTS (SELECT 1 FROM users WHERE channel_id = $1 AND identifier = $3))
         UPDATE deliveries SET address = $3 WHERE channel_id = $1 AND address = $2 AND status IN ('queued', 'unknown')`,
        [channelId, from, to],
      );
    },

    /**
     * A session whose first message was ours is called as replies to that message will call it, once. Where a reply came
     * before we knew the name, it has opened a session of that name, which keeps it: what was sent stays sent.
     */
    async nameConversation(sessionId: string, externalId: string): Promise<void> {
      try {
        await pool.query(
          "UPDATE sessions SET external_id = $2, address = $2 WHERE id = $1 AND external_id IS NULL AND NOT single",
          [sessionId, externalId],
        );
      } catch (error) {
        if (!isTaken(error)) throw error;
      }
    },

    /**
     * Deliveries whose sender died between sending and recording become `unknown`: nobody can tell whether they
     * arrived. They are sent again, marked as a possible duplicate.
     */
    async expireClaims(options: { all: boolean }): Promise<void> {
      await pool.query(
        `WITH expired AS (
           UPDATE deliveries SET status = 'unknown', possible_duplicate = true, claimed_by = NULL, claimed_until = NULL,
             next_attempt_at = now(), updated_at = now(), error_code = 'sender_died', error = $2
           WHERE status = 'sending' AND ($1 OR claimed_until < now())
           RETURNING id, session_id, attempts, error_code, error)
         INSERT INTO incidents (session_id, subject_id, attempt, code, reason, outcome)
         SELECT session_id, id, attempts, error_code, error, 'unknown' FROM expired`,
        [options.all, SENDER_DIED],
      );
    },

    /** Due deliveries that nothing seems to be moving: after a crash or a wiped queue. */
    async stranded(options: {
      graceMs: number;
      limit: number;
    }): Promise<{ id: string; channelId: string }[]> {
      const { rows } = await pool.query<{ id: string; channel_id: string }>(
        `SELECT d.id, d.channel_id FROM deliveries d JOIN channels c ON c.id = d.channel_id
         WHERE d.status IN ('queued', 'unknown') AND (c.paused_until IS NULL OR c.paused_until <= now())
           AND d.next_attempt_at < now() - $1::int * interval '1 millisecond'
         ORDER BY d.ordinal LIMIT $2`,
        [options.graceMs, options.limit],
      );
      return rows.map((row) => ({ id: row.id, channelId: row.channel_id }));
    },
  };
}
