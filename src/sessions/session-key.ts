/**
 * One key names the open session of a channel and an agent. Where a user has one session at a time, it is the user.
 * Elsewhere it is the external id, such as a thread. Without a key, only calls with the session's id reach it. The
 * unique index `sessions_key` holds that no two open sessions have one key.
 *
 * The SQL of the key. `row`: the name of a row with `single`, `user_id` and `external_id`.
 */
export function sessionKey(row: string): string {
  return `CASE WHEN ${row}.single THEN ${row}.user_id ELSE ${row}.external_id END`;
}

/** The unique index, as `ON CONFLICT` names it. */
export const SESSION_KEY_CONFLICT = `(channel_id, agent_id, (CASE WHEN single THEN user_id ELSE external_id END))
      WHERE status = 'active'`;
