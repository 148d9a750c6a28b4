import type { Pool } from "pg";
import { catchUp } from "../sessions/follow-activity-repository.ts";

/** The waiting work of one channel. Ages are in seconds; null if nothing waits. */
export interface ChannelQueue {
  channel: string;
  /** Conversations with an unanswered message, and those of them that a process works on. */
  waitingSessions: number;
  runningSessions: number;
  oldestMessageSeconds: number | null;
  /** Deliveries that wait to be sent, and those of them that the platform has refused before. */
  waitingDeliveries: number;
  retriedDeliveries: number;
  /** Since the oldest due delivery could have been sent. */
  oldestDeliverySeconds: number | null;
  unknownDeliveries: number;
  pausedUntil: Date | null;
}

/** The waiting work of a workspace, and what was done lately. */
export interface WorkspaceQueue {
  /** Processes that work on a conversation of the workspace at this moment. */
  workers: number;
  lastMinute: { turns: number; sent: number };
  channels: ChannelQueue[];
}

/** At most this many waiting sessions are read for the oldest message of a channel. */
const LOOKED_AT = 2_000;

/** Each part reads a partial index that holds only the waiting rows, so the cost depends on the backlog. */
const CHANNELS = `
  WITH waiting AS (
    SELECT s.channel_id, count(*)::int AS sessions,
      count(*) FILTER (WHERE s.lease_expires_at > now())::int AS running
    FROM sessions s WHERE s.waits AND s.inbound_seq > s.answered_seq AND s.workspace_id = $1 GROUP BY 1),
  oldest AS (
    SELECT o.channel_id, extract(epoch FROM now() - min(m.created_at))::float8 AS age FROM (
      SELECT id, channel_id, answered_seq FROM sessions WHERE waits AND inbound_seq > answered_seq AND workspace_id = $1
      ORDER BY lease_expires_at NULLS FIRST LIMIT ${LOOKED_AT}) o
    CROSS JOIN LATERAL (SELECT created_at FROM messages WHERE session_id = o.id AND seq > o.answered_seq
      AND origin IN ('user', 'instruction', 'command') ORDER BY seq LIMIT 1) m
    GROUP BY 1),
  unsent AS (
    SELECT d.channel_id, count(*) FILTER (WHERE d.status <> 'unknown')::int AS deliveries,
      count(*) FILTER (WHERE d.status <> 'unknown' AND d.attempts > 0 AND d.error_code IS NOT NULL)::int AS retried,
      count(*) FILTER (WHERE d.status = 'unknown')::int AS unknown,
      extract(epoch FROM now() - min(d.next_attempt_at)
        FILTER (WHERE d.status = 'queued' AND d.next_attempt_at <= now()))::float8 AS age
    FROM deliveries d WHERE d.status IN ('queued', 'sending', 'unknown') AND d.workspace_id = $1 GROUP BY 1)
  SELECT c.name AS channel, coalesce(w.sessions, 0) AS "waitingSessions", coalesce(w.running, 0) AS "runningSessions",
    o.age AS "oldestMessageSeconds", coalesce(u.deliveries, 0) AS "waitingDeliveries",
    coalesce(u.retried, 0) AS "retriedDeliveries", u.age AS "oldestDeliverySeconds",
    coalesce(u.unknown, 0) AS "unknownDeliveries",
    CASE WHEN c.paused_until > now() THEN c.paused_until END AS "pausedUntil"
  FROM channels c LEFT JOIN waiting w ON w.channel_id = c.id LEFT JOIN oldest o ON o.channel_id = c.id
    LEFT JOIN unsent u ON u.channel_id = c.id
  WHERE c.workspace_id = $1 AND (c.enabled OR w.sessions > 0 OR u.deliveries > 0) ORDER BY c.name`;

/** Sessions changed in the last minute, and the newest turns of each, in which old turns are looked for. */
const CHANGED_SESSIONS = 2_000;
const NEWEST_TURNS = 20;

/**
 * An index finds turns and deliveries that are at most ten minutes old. A turn that waited longer is found by its session,
 * which it changed when it ended. Sessions have to be up to date for this.
 */
const LATELY = `
  SELECT (SELECT count(DISTINCT lease_owner)::int FROM sessions
      WHERE waits AND inbound_seq > answered_seq AND workspace_id = $1 AND lease_expires_at > now()) AS workers,
    (SELECT count(*)::int FROM executions WHERE workspace_id = $1 AND created_at > now() - interval '10 minutes'
      AND ended_at > now() - interval '1 minute' AND status = 'completed')
    + (SELECT count(*)::int FROM (
        SELECT id, answered_seq FROM sessions WHERE workspace_id = $1 AND updated_at > now() - interval '1 minute'
        ORDER BY updated_at DESC LIMIT ${CHANGED_SESSIONS}) s
      CROSS JOIN LATERAL (
        SELECT created_at, ended_at, status FROM executions WHERE session_id = s.id AND seq <= s.answered_seq
        ORDER BY seq DESC LIMIT ${NEWEST_TURNS}) e
      WHERE e.created_at <= now() - interval '10 minutes' AND e.ended_at > now() - interval '1 minute'
        AND e.status = 'completed') AS turns,
    (SELECT count(*)::int FROM deliveries WHERE workspace_id = $1 AND created_at > now() - interval '10 minutes'
      AND sent_at > now() - interval '1 minute') AS sent`;

/** Reads the queue of a workspace. It does not use Prisma, because the database counts. */
export function createQueueRepository(pool: Pool) {
  return {
    async read(workspaceId: string): Promise<WorkspaceQueue> {
      await catchUp(pool);
      const [channels, lately] = await Promise.all([
        pool.query<ChannelQueue>(CHANNELS, [workspaceId]),
        pool.query<{ workers: number; turns: number; sent: number }>(LATELY, [workspaceId]),
      ]);
      const { workers = 0, turns = 0, sent = 0 } = lately.rows[0] ?? {};
      return { workers, lastMinute: { turns, sent }, channels: channels.rows };
    },
  };
}
