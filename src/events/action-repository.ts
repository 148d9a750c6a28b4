import type { Pool, PoolClient } from "pg";
import type { JsonObject } from "../core/text/json.ts";
import { sessionKey } from "../sessions/session-key.ts";
import { inTransaction } from "../storage/transaction.ts";
import {
  DATA_OF_SESSION,
  mergeParticipantData,
  type ParticipantDataKey,
} from "../users/participant-writes-repository.ts";

/** The data of a session that the actions of its rules need. */
export interface ActingSession {
  id: string;
  workspaceId: string;
  agentId: string;
  agentVersion: number;
  channelId: string;
  channel: string;
  status: string;
  endReason: string | null;
  /** While a person answers, the bot is silent. */
  handoffId: string | null;
  metadata: JsonObject;
  user: { id: string; identifier: string; name: string | null } | null;
  participantData: JsonObject;
  /** A person of the business wrote first, past us. */
  isBegunByPerson: boolean;
}

export type EndOutcome =
  | "ended"
  | "ended_before"
  /** A message waits for an answer, or is being answered. */
  | "busy"
  /** The user wrote after the given seq. */
  | "overtaken";

export type HandOverOutcome = "handed_over" | "no_such_agent" | "ended_before";

interface ActingRow {
  id: string;
  workspace_id: string;
  agent_id: string;
  agent_version: number;
  channel_id: string;
  channel: string;
  status: string;
  end_reason: string | null;
  handoff_id: string | null;
  metadata: JsonObject;
  user_id: string | null;
  /** Null only without a user. */
  identifier: string;
  name: string | null;
  data: JsonObject;
  begun_by_person: boolean;
}

interface HandOverRow {
  status: string;
  single: boolean;
  user_id: string | null;
  agent_id: string;
  next_agent: string | null;
  version: number;
  in_the_way: string | null;
}

export type ActionRepository = ReturnType<typeof createActionRepository>;

/** Changes that actions make in a session. */
export function createActionRepository(
  pool: Pool,
  deps: { endSession(client: PoolClient, sessionId: string): Promise<unknown> },
) {
  return {
    async session(id: string): Promise<ActingSession | null> {
      const { rows } = await pool.query<ActingRow>(
        `SELECT s.id, s.workspace_id, s.agent_id, s.agent_version, s.channel_id, c.name AS channel, s.status, s.end_reason, s.handoff_id, s.metadata,
           u.id AS user_id, u.identifier, u.name, coalesce(p.data, '{}') AS data, EXISTS (
             SELECT 1 FROM messages m WHERE m.session_id = s.id AND m.seq = 1 AND m.author ? 'via') AS begun_by_person
         FROM sessions s JOIN channels c ON c.id = s.channel_id LEFT JOIN users u ON u.id = s.user_id
         ${DATA_OF_SESSION} WHERE s.id = $1`,
        [id],
      );
      const row = rows[0];
      if (!row) return null;
      return {
        id: row.id,
        workspaceId: row.workspace_id,
        agentId: row.agent_id,
        agentVersion: row.agent_version,
        channelId: row.channel_id,
        channel: row.channel,
        status: row.status,
        endReason: row.end_reason,
        handoffId: row.handoff_id,
        metadata: row.metadata,
        user: row.user_id === null ? null : { id: row.user_id, identifier: row.identifier, name: row.name },
        participantData: row.data,
        isBegunByPerson: row.begun_by_person,
      };
    },

    /** Returns true if the bot has not yet written a message that a rule requested. `firingId`: that firing alone. */
    async isAsked(sessionId: string, firingId: string | null): Promise<boolean> {
      const { rows } = await pool.query<{ asked: boolean }>(
        `SELECT EXISTS (SELECT 1 FROM executions e JOIN messages m ON m.id = e.user_message_id
           WHERE e.session_id = $1 AND e.status IN ('pending', 'running')
             AND m.origin = 'instruction' AND m.metadata ? 'event_id'
             AND ($2::text IS NULL OR m.metadata ->> 'event_id' = $2)) AS asked`,
        [sessionId, firingId],
      );
      return rows[0]?.asked ?? false;
    },

    /** Ends a session in which nothing is in progress, unless the user has written after a seq. */
    end(sessionId: string, unlessUserWroteAfter: number | null): Promise<EndOutcome> {
      return inTransaction(pool, async (client) => {
        const { rows } = await client.query<{ status: string; busy: boolean; overtaken: boolean }>(
          `SELECT s.status, s.inbound_seq > s.answered_seq AS busy, $2::int IS NOT NULL AND EXISTS (
             SELECT 1 FROM messages WHERE session_id = s.id AND seq > $2 AND origin = 'user') AS overtaken
           FROM sessions s WHERE s.id = $1 FOR UPDATE OF s`,
          [sessionId, unlessUserWroteAfter],
        );
        const session = rows[0];
        if (session?.status !== "active") return "ended_before";
        if (session.overtaken) return "overtaken";
        if (session.busy) return "busy";
        await deps.endSession(client, sessionId);
        return "ended";
      });
    },

    /**
     * Hands an open session to another agent of its workspace, at that agent's current version. The user's next
     * messages go to that agent. On channels with one session per user, `handed_to` makes them go there; elsewhere they
     * name the session. An earlier open session of the user with that agent is ended.
     */
    handOver(sessionId: string, slug: string): Promise<HandOverOutcome> {
      return inTransaction(pool, async (client) => {
        const { rows } = await client.query<HandOverRow>(
          `SELECT s.status, s.single, s.user_id, s.agent_id, a.id AS next_agent, a.current_version AS version,
             (SELECT o.id FROM sessions o WHERE o.id <> s.id AND o.status = 'active' AND o.channel_id = s.channel_id
                AND o.agent_id = a.id AND ${sessionKey("o")} = ${sessionKey("s")}) AS in_the_way
           FROM sessions s LEFT JOIN agents a ON a.workspace_id = s.workspace_id AND a.slug = $2
           WHERE s.id = $1 FOR UPDATE OF s`,
          [sessionId, slug],
        );
        const found = rows[0];
        if (found?.status !== "active") return "ended_before";
        if (found.next_agent === null) return "no_such_agent";
        if (found.next_agent === found.agent_id) return "handed_over";
        if (found.in_the_way !== null) await deps.endSession(client, found.in_the_way);
        await client.query(
          `UPDATE sessions SET agent_id = $2, agent_version = $3, watched = true, updated_at = now() WHERE id = $1`,
          [sessionId, found.next_agent, found.version],
        );
        if (found.single) {
          await client.query("UPDATE users SET handed_to = $2 WHERE id = $1", [
            found.user_id,
            found.next_agent,
          ]);
        }
        // These timers belong to the rules of the former agent.
        await client.query("DELETE FROM event_timers WHERE session_id = $1", [sessionId]);
        return "handed_over";
      });
    },

    /** Applies a merge patch (RFC 7396). */
    async mergeData(of: ParticipantDataKey, patch: JsonObject): Promise<void> {
      await inTransaction(pool, (client) => mergeParticipantData(client, of, patch));
    },
  };
}
