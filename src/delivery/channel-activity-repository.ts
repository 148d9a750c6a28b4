import type { Pool } from "pg";
import { storableJson } from "../core/text/text.ts";

/** Activity of a channel since the last write. */
export interface ChannelActivity {
  channelId: string;
  inboundAt: Date | null;
  outboundAt: Date | null;
  error: string | null;
  errorAt: Date | null;
  /** True: the newest event is a refusal. False: it is an accepted send. Null: neither happened. */
  inTrouble: boolean | null;
}

/** The last activity of each channel, as the processes that receive and send write it. */
export function createChannelActivity(pool: Pool) {
  return {
    /** Current send problems by channel id: the newest refusal, if no send was accepted after it. */
    async troubles(): Promise<Map<string, string>> {
      const { rows } = await pool.query<{ id: string; last_error: string | null }>(
        "SELECT id, last_error FROM channels WHERE in_trouble",
      );
      return new Map(rows.map((row) => [row.id, row.last_error ?? "the platform refuses everything"]));
    },

    /** Clears the problems when a sending process starts, because the cause may have been fixed. */
    async forgetTroubles(channelIds: readonly string[]): Promise<void> {
      await pool.query("UPDATE channels SET in_trouble = false WHERE id = ANY($1) AND in_trouble", [
        channelIds,
      ]);
    },

    /** Writes the last activity. Times only move forward, whichever process writes them. */
    async record(activities: readonly ChannelActivity[]): Promise<void> {
      await pool.query(
        `UPDATE channels c SET
           last_inbound_at = greatest(c.last_inbound_at, x.inbound_at),
           last_outbound_at = greatest(c.last_outbound_at, x.outbound_at),
           last_error = CASE WHEN x.error_at > coalesce(c.last_error_at, '-infinity') THEN x.error ELSE c.last_error END,
           last_error_at = greatest(c.last_error_at, x.error_at),
           in_trouble = CASE WHEN x.in_trouble IS NULL THEN c.in_trouble
             WHEN x.in_trouble THEN x.error_at >= coalesce(c.last_outbound_at, '-infinity')
             ELSE c.in_trouble AND c.last_error_at > x.outbound_at END
         FROM json_to_recordset($1) AS x(channel_id text, inbound_at timestamptz, outbound_at timestamptz, error text,
           error_at timestamptz, in_trouble boolean)
         WHERE c.id = x.channel_id`,
        [
          storableJson(
            activities.map((activity) => ({
              channel_id: activity.channelId,
              inbound_at: activity.inboundAt,
              outbound_at: activity.outboundAt,
              error: activity.error,
              error_at: activity.errorAt,
              in_trouble: activity.inTrouble,
            })),
          ),
        ],
      );
    },
  };
}
