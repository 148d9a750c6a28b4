import type { Pool } from "pg";
import type { JsonObject } from "../core/text/json.ts";

export const FEED_EVENTS = ["session", "message", "execution", "delivery", "handoff", "channel"] as const;
export type FeedEventName = (typeof FEED_EVENTS)[number];

/** The current state of one thing, with the data that a row of a list needs. */
export interface FeedChange {
  event: FeedEventName;
  id: string;
  data: JsonObject;
  /** True while it may still change. Such a change appears in no list of new things. */
  open: boolean;
}

export interface FeedChanges {
  changes: FeedChange[];
  /** True if there were more changes than one read returns. */
  tooMany: boolean;
}

/** Ids of things that may still change. */
export interface Watched {
  executions: readonly string[];
  deliveries: readonly string[];
  handoffs: readonly string[];
}

/** Maximum sessions, executions and deliveries of one read. */
const MOST = 500;

const time = (column: string) => `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

/**
 * Maximum new messages of each changed session. They are found by session, so the busiest table needs no further index.
 */
const MESSAGES_EACH = 20;

/**
 * Everything in a workspace that changed since a time. Each part follows an index that exists for lists. A session is
 * touched by every message and by its end. An execution, a delivery or a handoff is found once by its creation. Later
 * it is found by its id, while it is watched.
 */
const READ = `
  WITH touched AS MATERIALIZED (
    SELECT * FROM sessions WHERE workspace_id = $1 AND updated_at >= $2 ORDER BY updated_at DESC LIMIT ${MOST + 1}),
  executed AS (
    (SELECT * FROM executions WHERE workspace_id = $1 AND created_at >= $2 ORDER BY created_at DESC LIMIT ${MOST + 1})
    UNION ALL SELECT * FROM executions WHERE id = ANY($3) AND workspace_id = $1 AND created_at < $2),
  delivered AS (
    (SELECT * FROM deliveries WHERE workspace_id = $1 AND created_at >= $2 ORDER BY created_at DESC LIMIT ${MOST + 1})
    UNION ALL SELECT * FROM deliveries WHERE id = ANY($4) AND workspace_id = $1 AND created_at < $2),
  handed AS (
    (SELECT * FROM handoffs WHERE workspace_id = $1 AND requested_at >= $2 ORDER BY requested_at DESC LIMIT ${MOST})
    UNION ALL SELECT * FROM handoffs WHERE id = ANY($5) AND workspace_id = $1 AND requested_at < $2)
  SELECT 1 AS nth, s.updated_at AS at, 'session' AS event, s.id, false AS open, jsonb_build_object(
      'id', s.id, 'session_id', s.id, 'agent_id', s.agent_id, 'channel', c.name, 'status', s.status,
      'end_reason', s.end_reason, 'title', s.title, 'updated_at', ${time("s.updated_at")},
      'last_activity_at', ${time("s.last_activity_at")}, 'handoff', CASE WHEN h.id IS NOT NULL THEN
        jsonb_build_object('id', h.id, 'state', h.state, 'holder_name', h.holder_name) END,
      'user', CASE WHEN u.id IS NOT NULL THEN
        jsonb_build_object('id', u.id, 'identifier', u.identifier, 'name', u.name) END,
      'last_message', (SELECT jsonb_build_object('id', m.id, 'role', m.role, 'content', left(m.content, 200),
          'created_at', ${time("m.created_at")})
        FROM messages m WHERE m.session_id = s.id AND m.origin IN ('user', 'bot', 'operator')
        ORDER BY m.seq DESC LIMIT 1)) AS data
  FROM touched s JOIN channels c ON c.id = s.channel_id LEFT JOIN users u ON u.id = s.user_id
    LEFT JOIN handoffs h ON h.id = s.handoff_id
  UNION ALL
  SELECT 2, m.created_at, 'message', m.id, false, jsonb_build_object('id', m.id, 'session_id', s.id, 'seq', m.seq,
      'role', m.role, 'origin', m.origin, 'content', left(m.content, 200), 'execution_id', m.execution_id,
      'created_at', ${time("m.created_at")})
  FROM touched s CROSS JOIN LATERAL (SELECT * FROM messages WHERE session_id = s.id AND origin <> 'tool' ORDER BY seq DESC
    LIMIT ${MESSAGES_EACH}) m WHERE m.created_at >= $2
  UNION ALL
  SELECT 3, e.created_at, 'execution', e.id, e.status IN ('pending', 'running'), jsonb_build_object('id', e.id,
      'session_id', e.session_id, 'status', e.status, 'error', CASE WHEN e.error_code IS NOT NULL THEN
        jsonb_build_object('code', e.error_code, 'message', coalesce(e.error, '')) END,
      'created_at', ${time("e.created_at")}, 'started_at', ${time("e.started_at")}, 'ended_at', ${time("e.ended_at")})
  FROM executed e
  UNION ALL
  SELECT 4, d.created_at, 'delivery', d.id, d.status NOT IN ('failed', 'read'), jsonb_build_object('id', d.id,
      'session_id', d.session_id, 'message_id', d.message_id, 'channel', c.name, 'status', d.status,
      'attempts', d.attempts, 'error_code', d.error_code, 'error', d.error, 'created_at', ${time("d.created_at")})
  FROM delivered d JOIN channels c ON c.id = d.channel_id
  UNION ALL
  SELECT 5, h.requested_at, 'handoff', h.id, h.state <> 'released', jsonb_build_object('id', h.id,
      'session_id', h.session_id, 'state', h.state, 'reason', h.reason, 'desk', h.desk,
      'holder', CASE WHEN h.holder_name IS NOT NULL THEN
        jsonb_build_object('name', h.holder_name, 'via', h.holder_via) END,
      'requested_at', ${time("h.requested_at")}, 'taken_at', ${time("h.taken_at")},
      'released_at', ${time("h.released_at")})
  FROM handed h
  ORDER BY nth, at, id`;

/** Things that began earlier and are not over: the newest of each kind. */
const OPEN = `
  (SELECT 'executions' AS kind, id FROM executions
   WHERE workspace_id = $1 AND status IN ('pending', 'running') ORDER BY created_at DESC LIMIT ${MOST})
  UNION ALL
  (SELECT 'deliveries', id FROM deliveries
   WHERE workspace_id = $1 AND created_at > now() - interval '1 hour' AND status NOT IN ('failed', 'read')
   ORDER BY created_at DESC LIMIT ${MOST})
  UNION ALL
  (SELECT 'handoffs', id FROM handoffs
   WHERE workspace_id = $1 AND state <> 'released' ORDER BY requested_at DESC LIMIT ${MOST})`;

export type FeedChangesRepository = ReturnType<typeof createFeedChangesRepository>;

/** Reads what changed. It does not use Prisma, because one statement reads everything at one moment. */
export function createFeedChangesRepository(pool: Pool) {
  return {
    async read(workspaceId: string, since: Date, watched: Watched): Promise<FeedChanges> {
      const { executions, deliveries, handoffs } = watched;
      const { rows } = await pool.query<FeedChange>({
        name: "feed_changes",
        text: READ,
        values: [workspaceId, since, executions, deliveries, handoffs],
      });
      const changes = rows.map(({ event, id, data, open }) => ({ event, id, data, open }));
      const most = (name: FeedEventName, known: number) =>
        changes.filter(({ event }) => event === name).length - known > MOST;
      const tooMany =
        most("session", 0) || most("execution", executions.length) || most("delivery", deliveries.length);
      return { changes, tooMany };
    },

    /** The time of the database, and everything that may still change. */
    async begin(workspaceId: string): Promise<{ at: Date; watched: Watched }> {
      const at = await this.now();
      const { rows } = await pool.query<{ kind: keyof Watched; id: string }>(OPEN, [workspaceId]);
      const of = (kind: keyof Watched) => rows.filter((row) => row.kind === kind).map(({ id }) => id);
      const watched = {
        executions: of("executions"),
        deliveries: of("deliveries"),
        handoffs: of("handoffs"),
      };
      return { at, watched };
    },

    async now(): Promise<Date> {
      const { rows } = await pool.query<{ now: Date }>("SELECT now() AS now");
      return rows[0]?.now ?? new Date();
    },
  };
}
