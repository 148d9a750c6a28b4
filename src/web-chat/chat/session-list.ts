import type { WireSession } from "./wire.ts";

/** Sessions in the order of display: the last used first. Messages seen on this device do not count as unread. */
export function listed(
  sessions: readonly WireSession[],
  seen: ReadonlyMap<string, number>,
): readonly WireSession[] {
  return sessions
    .map((session) => ((seen.get(session.id) ?? 0) > session.read_seq ? { ...session, unread: 0 } : session))
    .sort((left, right) => right.last_activity_at.localeCompare(left.last_activity_at));
}

export function unreadOf(sessions: readonly WireSession[]): number {
  return sessions.reduce((sum, { unread }) => sum + unread, 0);
}
