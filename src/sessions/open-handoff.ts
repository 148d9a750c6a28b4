/** The handoff that a session is in, as it is shown with the session. */
export interface OpenHandoff {
  id: string;
  state: "requested" | "taken";
  /** The reason of the request. */
  reason: string | null;
  desk: string | null;
  /** The person who answers; null until somebody takes the handoff. */
  holder: { name: string; via: string } | null;
  requestedAt: Date;
  takenAt: Date | null;
  /** Time at which the bot answers again if no person writes before. */
  idleAt: Date | null;
}

/** The same as JSON, with times as texts. */
export type OpenHandoffRow = Omit<OpenHandoff, "requestedAt" | "takenAt" | "idleAt"> & {
  requestedAt: string;
  takenAt: string | null;
  idleAt: string | null;
};

/** The open handoff of a row of `sessions` named `s`; null for most. */
export const OPEN_HANDOFF = `CASE WHEN s.handoff_id IS NOT NULL THEN (
  SELECT json_build_object('id', h.id, 'state', h.state, 'reason', h.reason, 'desk', h.desk,
    'holder', CASE WHEN h.holder_name IS NOT NULL
      THEN json_build_object('name', h.holder_name, 'via', h.holder_via) END,
    'requestedAt', h.requested_at, 'takenAt', h.taken_at, 'idleAt', h.idle_at)
  FROM handoffs h WHERE h.id = s.handoff_id) END`;

export function toOpenHandoff(row: OpenHandoffRow | null): OpenHandoff | null {
  if (row === null) return null;
  const { requestedAt, takenAt, idleAt, ...rest } = row;
  return { ...rest, requestedAt: new Date(requestedAt), takenAt: dateOf(takenAt), idleAt: dateOf(idleAt) };
}

function dateOf(at: string | null): Date | null {
  return at === null ? null : new Date(at);
}
