import type { Pool } from "pg";
import { type PageRequest, type Slice, toSlice } from "../core/page.ts";
import { storableJson } from "../core/text.ts";

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
  /** The platform asked the whole channel to wait until then. */
  pausedUntil: Date | null;
  createdAt: Date;
}

/** What happened on a channel since it was last written down. */
export interface ChannelActivity {
  channelId: string;
  inboundAt: Date | null;
  outboundAt: Date | null;
  error: string | null;
  errorAt: Date | null;
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
  paused_until: Date | null;
  created_at: Date;
}

/** Channels as rows: what the configuration made, and when something last happened on each. */
export function createChannelQueries(pool: Pool) {
  return {
    async list(workspaceId: string, page: PageRequest): Promise<Slice<ChannelView>> {
      const { rows } = await pool.query<ChannelRow>(
        `SELECT id, name, kind, enabled, last_inbound_at, last_outbound_at, last_error, last_error_at,
           CASE WHEN paused_until > now() THEN paused_until END AS paused_until, created_at
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

    /** Writes down when something last happened; times only move forward, whichever process writes. */
    async record(activities: readonly ChannelActivity[]): Promise<void> {
      await pool.query(
        `UPDATE channels c SET
           last_inbound_at = greatest(c.last_inbound_at, x.inbound_at),
           last_outbound_at = greatest(c.last_outbound_at, x.outbound_at),
           last_error = CASE WHEN x.error_at > coalesce(c.last_error_at, '-infinity') THEN x.error ELSE c.last_error END,
           last_error_at = greatest(c.last_error_at, x.error_at)
         FROM json_to_recordset($1) AS x(channel_id text, inbound_at timestamptz, outbound_at timestamptz, error text,
           error_at timestamptz)
         WHERE c.id = x.channel_id`,
        [
          storableJson(
            activities.map((activity) => ({
              channel_id: activity.channelId,
              inbound_at: activity.inboundAt,
              outbound_at: activity.outboundAt,
              error: activity.error,
              error_at: activity.errorAt,
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
    pausedUntil: row.paused_until,
    createdAt: row.created_at,
  };
}
