import type { Pool } from "pg";
import type { TypedChoices } from "../../core/message/typed-choices.ts";
import { RESET_CODE } from "../../core/session/reset-code.ts";
import { storableJson } from "../../core/text/text.ts";
import type { Lane } from "../lanes/turn-repository.ts";
import type { HeardMessage } from "./heard-message.ts";

/** A spoken command is no turn, so its execution ends with it. */
const STORE = `
  WITH held AS MATERIALIZED (
    SELECT id FROM sessions WHERE id = $1 AND lease_token = $2 AND lease_owner = $3 AND handoff_id IS NULL FOR UPDATE),
  named AS (
    UPDATE sessions s SET title = coalesce(s.title, $10) FROM held WHERE s.id = held.id AND $10::text IS NOT NULL),
  heard AS (
    UPDATE messages m SET listened_at = now(), content = $5, origin = $6, payload = coalesce(m.payload, $7),
      metadata = m.metadata || $8::jsonb, execution_id = CASE WHEN $6 = 'command' THEN NULL ELSE m.execution_id END
    FROM held WHERE m.session_id = held.id AND m.id = $4 AND m.listened_at IS NULL RETURNING m.id),
  ended AS (
    UPDATE executions e SET status = 'cancelled', error_code = '${RESET_CODE}', ended_at = now(),
      error = 'the voice message asked for a reset'
    FROM heard WHERE $6 = 'command' AND e.id = $9 AND e.status IN ('pending', 'running'))
  SELECT 1 FROM heard`;

/** True while the lease is ours. After its loss, another process decides about the messages. */
const HELD = `EXISTS (SELECT 1 FROM sessions WHERE id = $1 AND lease_token = $3 AND lease_owner = $4)`;

/** Voice messages of a lane that we hold, and their words. */
export function createHearingRepository(pool: Pool, { owner }: { owner: string }) {
  return {
    /**
     * Counts an attempt to hear messages before it is made. Returns the highest count, and the choices that the session
     * offers now.
     */
    async begin(
      { sessionId, leaseToken }: Lane,
      messageIds: readonly string[],
    ): Promise<{ attempts: number; offer: TypedChoices | null }> {
      const { rows } = await pool.query<{ attempts: number; offer: TypedChoices | null }>(
        `WITH counted AS (
           UPDATE messages SET listen_attempts = listen_attempts + 1 WHERE id = ANY($2) AND ${HELD} RETURNING listen_attempts)
         SELECT coalesce((SELECT max(listen_attempts) FROM counted), 0) AS attempts, offer FROM sessions WHERE id = $1`,
        [sessionId, messageIds, leaseToken, owner],
      );
      return rows[0] ?? { attempts: 0, offer: null };
    },

    /** Stores the words of a message while the lease is valid. False: the lease is lost, or the message is gone. */
    async store(
      lane: Lane,
      message: { id: string; executionId: string | null },
      { content, origin, payload, transcription, title }: HeardMessage,
    ): Promise<boolean> {
      const metadata = storableJson({ transcription });
      const { rowCount } = await pool.query(STORE, [
        lane.sessionId,
        lane.leaseToken,
        owner,
        message.id,
        content,
        origin,
        payload,
        metadata,
        message.executionId,
        title,
      ]);
      return rowCount === 1;
    },

    /** Records that messages have no sound. */
    async skip({ sessionId, leaseToken }: Lane, messageIds: readonly string[]): Promise<void> {
      await pool.query(
        `UPDATE messages SET listened_at = now() WHERE id = ANY($2) AND listened_at IS NULL AND ${HELD}`,
        [sessionId, messageIds, leaseToken, owner],
      );
    },
  };
}

export type HearingRepository = ReturnType<typeof createHearingRepository>;
