/**
 * Deliveries behind the wanted ones. The conditions repeat those of the index on conversations, so that nothing else is
 * read.
 */
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
 * Claims deliveries in the order of their conversation (channel, address). A delivery is claimed only if everything
 * before it is settled or claimed by this statement. Rows are locked first, and rows locked elsewhere are skipped. So
 * outdated data about a neighbour can only make a delivery wait, never overtake. If this owner's connection broke
 * before the answer to a claim, its deliveries were never sent. They may be claimed again.
 *
 * With `along`, the claim also takes the deliveries behind, whichever job names them. A job that came too early checks
 * again only after a delay. In a busy conversation, everything behind would wait for that delay again and again. The
 * extra search costs as much as a claim.
 *
 * The statement works row by row (LATERAL, OFFSET 0), so that a claim costs the same however many deliveries wait. In
 * normal operation few rows are in progress. From that the planner would decide to read all of them for each claim.
 * That is slowest when most deliveries wait. Lists are passed as JSON. With an array, the planner sees its length and
 * makes a custom plan. Planning then takes four times as long as the claim.
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
  UPDATE deliveries d SET status = 'sending', claimed_by = $2, updated_at = now(),
    attempts = attempts + CASE d.status WHEN 'sending' THEN 0 ELSE 1 END,
    claimed_until = now() + $3::int * interval '1 millisecond'
  FROM free WHERE d.id = free.id
  RETURNING d.id, d.channel_id, d.session_id, d.message_id, d.address, d.part, d.content, d.format, d.buttons, d.preview, d.attempts,
    d.possible_duplicate, d.created_at, d.ordinal, d.answers, d.error_code, d.parked_since, d.handoff_id, d.desk_part, CASE WHEN d.attachment_id IS NOT NULL THEN (
      SELECT json_build_object('id', a.id, 'kind', a.kind, 'name', a.name, 'contentType', a.content_type, 'url', a.source_url,
        'spoken', a.source_url IS NULL AND EXISTS (SELECT 1 FROM messages m WHERE m.id = a.message_id AND m.metadata ? 'speech'))
      FROM attachments a WHERE a.id = d.attachment_id) END AS file`;

export const CLAIM = claimStatement(false);
export const CLAIM_ALONG = claimStatement(true);

/**
 * The wait of a delivery that cannot go now. It waits for its own time, its channel's pause, or a retry before it. The
 * wait is zero for a delivery whose claim by this owner got no answer. That claim was still being committed a moment
 * ago.
 */
export const WAITING = `
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

/** Parks the deliveries behind a parked delivery of their conversation, for the same reason. */
export const PARK_BEHIND = `
  UPDATE deliveries d SET next_attempt_at = NULL, error_code = ahead.error_code, error = ahead.error, updated_at = now(),
    parked_since = ahead.parked_since
  FROM (SELECT DISTINCT ON (w.id) w.id, e.error_code, e.error, e.parked_since FROM deliveries w
    JOIN deliveries e ON e.channel_id = w.channel_id AND e.address = w.address AND e.ordinal < w.ordinal
      AND e.status = 'queued' AND e.next_attempt_at IS NULL
    WHERE w.id = ANY($1) ORDER BY w.id, e.ordinal DESC) ahead
  WHERE d.id = ahead.id AND d.status = 'queued'`;
