import type { Pool } from "pg";
import { inTransaction } from "../storage/transaction.ts";

/** Delay of a timeout that is due while the user still waits for an answer, milliseconds. */
const PUT_OFF_MS = 1_000;

interface DueTimer {
  session_id: string;
  rule: number;
}

/**
 * Fires due timers of sessions that this process has locked. A message that arrives meanwhile waits for the lock and
 * then restarts the timer. An earlier message has already moved `due_at`. Sessions are locked before timers everywhere.
 */
const FIRE = `
  WITH due AS (
    SELECT t.session_id, t.rule, s.inbound_seq > s.answered_seq AS waits,
      NOT EXISTS (SELECT 1 FROM event_rules_of(s.agent_id, s.agent_version) r
        WHERE r.version = t.agent_version AND r.place = t.rule AND r.rule->>'on' = 'timeout') AS obsolete
    FROM event_timers t JOIN sessions s ON s.id = t.session_id
    WHERE (t.session_id, t.rule) IN (SELECT * FROM unnest($1::text[], $2::int[]))),
  put_off AS (
    UPDATE event_timers t SET due_at = clock_timestamp() + $3::int * interval '1 millisecond'
    FROM due d WHERE t.session_id = d.session_id AND t.rule = d.rule AND t.due_at <= clock_timestamp()
      AND d.waits AND NOT d.obsolete),
  rung AS (
    UPDATE event_timers t SET fired = t.fired + 1, due_at = CASE
        WHEN t.due_at + t.every_ms * interval '1 millisecond' > clock_timestamp()
          THEN t.due_at + t.every_ms * interval '1 millisecond'
        ELSE clock_timestamp() + t.every_ms * interval '1 millisecond' END
    FROM due d WHERE t.session_id = d.session_id AND t.rule = d.rule AND t.due_at <= clock_timestamp()
      AND NOT d.waits AND NOT d.obsolete
    RETURNING t.session_id, t.rule, t.fired, t.times, t.armed_seq)
  SELECT fire_event_rules(s, ARRAY['timeout'], x.silence || ':' || r.fired, x.about, r.rule),
    fire_event_rules(s, CASE WHEN r.fired >= r.times THEN ARRAY['last_timeout'] ELSE ARRAY[]::text[] END,
      x.silence || ':' || r.rule, x.about)
  FROM rung r JOIN sessions s ON s.id = r.session_id
  CROSS JOIN LATERAL (SELECT r.session_id || ':' || r.armed_seq AS silence,
    jsonb_build_object('count', r.fired, 'times', r.times, 'seq', r.armed_seq, 'from', (
      SELECT coalesce(e.rule->>'from', 'last_message') FROM event_rules_of(s.agent_id, s.agent_version) e
      WHERE e.place = r.rule)) AS about) x`;

/** Deletes exhausted timers, and those of rules that a newer version does not contain. */
const CLEAR = `
  DELETE FROM event_timers t USING sessions s
  WHERE s.id = t.session_id AND (t.session_id, t.rule) IN (SELECT * FROM unnest($1::text[], $2::int[]))
    AND (t.fired >= t.times OR s.status <> 'active' OR NOT EXISTS (
      SELECT 1 FROM event_rules_of(s.agent_id, s.agent_version) r
      WHERE r.version = t.agent_version AND r.place = t.rule AND r.rule->>'on' = 'timeout'))`;

const AHEAD = `
  SELECT (SELECT ceil(extract(epoch FROM min(due_at) - clock_timestamp()) * 1000)::float8 FROM event_timers) AS ms,
    EXISTS (SELECT 1 FROM event_log WHERE status IN ('pending', 'running') AND next_attempt_at <= now()) AS waits`;

/** The work of the event rules. */
export interface Ahead {
  /** True if a timer is due, or a firing waits to run. */
  isDue: boolean;
  timerInMs: number;
}

/** Waiting timeouts: one row each, found through an index on their due time. */
export function createTimerRepository(pool: Pool) {
  return {
    /** Fires due timers, each only once, however many processes ask. Returns the number of timers that it checked. */
    fireDue(limit: number): Promise<number> {
      return inTransaction(pool, async (client) => {
        // `now()` and not `clock_timestamp()`: an index scan needs a bound that does not change within the statement.
        const { rows } = await client.query<DueTimer>(
          `SELECT t.session_id, t.rule FROM event_timers t JOIN sessions s ON s.id = t.session_id
           WHERE t.due_at <= now() ORDER BY t.due_at LIMIT $1 FOR NO KEY UPDATE OF s SKIP LOCKED`,
          [limit],
        );
        if (rows.length === 0) return 0;
        const timers = [rows.map((row) => row.session_id), rows.map((row) => row.rule)];
        await client.query(FIRE, [...timers, PUT_OFF_MS]);
        await client.query(CLEAR, timers);
        return rows.length;
      });
    },

    /**
     * Tells if something is due now, with one query on two indexes; nearly always nothing is. `timerInMs`: time until
     * the next timer is due, at most `limitMs`.
     */
    async ahead(limitMs: number): Promise<Ahead> {
      const { rows } = await pool.query<{ ms: number | null; waits: boolean }>({
        name: "events_ahead",
        text: AHEAD,
      });
      const timerInMs = Math.max(0, Math.min(limitMs, rows[0]?.ms ?? limitMs));
      return { isDue: timerInMs === 0 || (rows[0]?.waits ?? false), timerInMs };
    },
  };
}
