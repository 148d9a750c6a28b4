import type { PoolClient } from "pg";
import type { RecentRequest } from "./decide-access.ts";
import { IS_OVER } from "./requests-repository.ts";

/** Returns those of the identifiers that have a waiting request on a channel. */
export async function findWaiting(
  client: PoolClient,
  channelId: string,
  identifiers: readonly string[],
): Promise<Set<string>> {
  const { rows } = await client.query<{ identifier: string }>({
    name: "find_waiting_requests",
    text: `SELECT DISTINCT identifier FROM access_requests
      WHERE channel_id = $1 AND identifier = ANY($2) AND state = 'waiting'`,
    values: [channelId, identifiers],
  });
  return new Set(rows.map(({ identifier }) => identifier));
}

/** The stored facts about a sender. */
export interface SenderFacts {
  isGranted: boolean;
  isStored: boolean;
  waitingHere: number;
  requests: RecentRequest[];
}

/** Reads the stored facts about a sender in one query, because a flood of strangers asks for them often. */
export async function readFacts(
  client: PoolClient,
  channelId: string,
  sender: { identifier: string; names: readonly string[]; eventKeys: readonly string[] },
): Promise<SenderFacts> {
  const { rows } = await client.query<SenderFacts>({
    name: "facts_of_sender",
    text: `SELECT
        EXISTS (SELECT 1 FROM access_grants WHERE channel_id = $1 AND identifier = ANY($3)) AS "isGranted",
        EXISTS (SELECT 1 FROM inbound_events WHERE channel_id = $1 AND event_key = ANY($4)) AS "isStored",
        (SELECT count(*)::int FROM access_requests WHERE channel_id = $1 AND state = 'waiting') AS "waitingHere",
        coalesce((SELECT jsonb_agg(jsonb_build_object('id', id, 'place', place, 'eventKeys', event_keys,
            'albumKey', album_key, 'parts', cardinality(message_ids),
            'state', CASE WHEN ${IS_OVER} THEN 'expired' ELSE state END) ORDER BY requested_at, id)
          FROM access_requests WHERE channel_id = $1 AND identifier = $2
            AND (state = 'waiting' OR requested_at > now() - interval '1 day')), '[]') AS requests`,
    values: [channelId, sender.identifier, sender.names, sender.eventKeys],
  });
  const [facts] = rows;
  if (facts === undefined) throw new Error("a query without a table returned no row");
  return facts;
}
