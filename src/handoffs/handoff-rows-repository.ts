import type { PoolClient } from "pg";
import type { Handoff, HandoffSource, HandoffState, Person, ReleaseReason } from "./handoff.ts";

export interface HandoffRow {
  id: string;
  workspace_id: string;
  session_id: string;
  agent_id: string;
  channel: string;
  user_id: string | null;
  state: HandoffState;
  source: HandoffSource;
  reason: string | null;
  release_reason: ReleaseReason | null;
  desk: string | null;
  note: string | null;
  holder_id: string | null;
  holder_name: string | null;
  holder_via: string | null;
  requested_at: Date;
  taken_at: Date | null;
  released_at: Date | null;
  idle_at: Date | null;
  idle_ms: string | null;
  from_seq: number;
  message_id: string | null;
}

export const HANDOFF_FROM =
  "handoffs h JOIN sessions s ON s.id = h.session_id JOIN channels c ON c.id = s.channel_id";
export const HANDOFF_COLUMNS = `h.id, h.workspace_id, h.session_id, s.agent_id, c.name AS channel, s.user_id, h.state, h.source,
  h.reason, h.release_reason, h.desk, h.note, h.holder_id, h.holder_name, h.holder_via, h.requested_at, h.taken_at,
  h.released_at, h.idle_at, h.idle_ms, h.from_seq, h.message_id`;

export function toHandoff(row: HandoffRow): Handoff {
  return {
    id: row.id,
    workspaceId: row.workspace_id,
    sessionId: row.session_id,
    agentId: row.agent_id,
    channel: row.channel,
    userId: row.user_id,
    state: row.state,
    source: row.source,
    requestReason: row.reason,
    releaseReason: row.release_reason,
    desk: row.desk,
    note: row.note,
    holder:
      row.holder_name === null || row.holder_via === null
        ? null
        : { name: row.holder_name, via: row.holder_via },
    requestedAt: row.requested_at,
    takenAt: row.taken_at,
    releasedAt: row.released_at,
    idleAt: row.idle_at,
  };
}

/** A session whose row is locked, with its open handoff. */
export interface LockedSession {
  id: string;
  workspaceId: string;
  channelId: string;
  address: string | null;
  status: string;
  /** The seq that the next message gets. */
  nextSeq: number;
  handoff: HandoffRow | null;
}

/** Locks a session, so that other decisions about its handoff wait. Null: there is no such session. */
export async function lockSession(client: PoolClient, sessionId: string): Promise<LockedSession | null> {
  const { rows } = await client.query<{
    id: string;
    workspace_id: string;
    channel_id: string;
    address: string | null;
    status: string;
    next_seq: number;
    handoff_id: string | null;
  }>(
    "SELECT id, workspace_id, channel_id, address, status, next_seq, handoff_id FROM sessions WHERE id = $1 FOR UPDATE",
    [sessionId],
  );
  const row = rows[0];
  if (!row) return null;
  return {
    id: row.id,
    workspaceId: row.workspace_id,
    channelId: row.channel_id,
    address: row.address,
    status: row.status,
    nextSeq: row.next_seq,
    handoff: row.handoff_id === null ? null : await readHandoff(client, row.handoff_id),
  };
}

export async function readHandoff(client: Pick<PoolClient, "query">, id: string): Promise<HandoffRow> {
  const { rows } = await client.query<HandoffRow>(
    `SELECT ${HANDOFF_COLUMNS} FROM ${HANDOFF_FROM} WHERE h.id = $1`,
    [id],
  );
  const row = rows[0];
  if (!row) throw new Error(`the handoff ${id} is gone`);
  return row;
}

/** True if a person holds the handoff. Another name with the same key counts as another person. */
export function holds(handoff: HandoffRow, person: Person): boolean {
  if (handoff.holder_id !== person.id) return false;
  // On a platform the id identifies a person, even if their name changes.
  if (person.via !== "api" && person.via !== "console") return true;
  return person.name === null || person.name === handoff.holder_name;
}
