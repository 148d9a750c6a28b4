import type { Pool } from "pg";
import { type PageRequest, type Slice, toSlice } from "../core/page.ts";
import { storableJson } from "../core/text/text.ts";

/** A channel as operators see it. */
export interface ChannelView {
  id: string;
  name: string;
  kind: string;
  enabled: boolean;
  lastInboundAt: Date | null;
  lastOutboundAt: Date | null;
  lastError: string | null;
  lastErrorAt: Date | null;
  /** True if the platform has refused everything since the last accepted send. */
  inTrouble: boolean;
  /** The platform asked the whole channel to wait until this time. */
  pausedUntil: Date | null;
  createdAt: Date;
}

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

interface ChannelRow {
  id: string;
  name: string;
  kind: string;
  enabled: boolean;
  last_inbound_at: Date | null;
  last_outbound_at: Date | null;
  last_error: string | null;
  last_error_at: Date | null;
  in_trouble: boolean;
  paused_until: Date | null;
  created_at: Date;
}

/** Channels as rows: the configured data, and the last activity of each. */
export function createChannelQueries(pool: Pool) {
  return {
    async list(workspaceId: string, page: PageRequest): Promise<Slice<ChannelView>> {
      const { rows } = await pool.query<ChannelRow>(
        `SELECT id, name, kind, enabled, last_inbound_at, last_outbound_at, last_error, last_error_at,
           in_trouble, CASE WHEN paused_until > now() THEN paused_until END AS paused_until, created_at
         FROM channels WHERE workspace_id = $1 AND ($2::timestamptz IS NULL OR (created_at, id) < ($2, $3))
         ORDER BY created_at DESC, id DESC LIMIT $4 OFFSET $5`,
        [workspaceId, page.after?.at ?? null, page.after?.id ?? null, page.limit + 1, page.offset],
      );
      const { rows: counted } = await pool.query<{ total: number }>(
        "SELECT count(*)::int AS total FROM channels WHERE workspace_id = $1",
        [workspaceId],
      );
      const place = ({ createdAt: at, id }: ChannelView) => ({ at, id });
      return toSlice(rows.map(toChannel), page.limit, counted[0]?.total ?? 0, place);
    },

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

function toChannel(row: ChannelRow): ChannelView {
  return {
    id: row.id,
    name: row.name,
    kind: row.kind,
    enabled: row.enabled,
    lastInboundAt: row.last_inbound_at,
    lastOutboundAt: row.last_outbound_at,
    lastError: row.last_error,
    lastErrorAt: row.last_error_at,
    inTrouble: row.in_trouble,
    pausedUntil: row.paused_until,
    createdAt: row.created_at,
  };
}
