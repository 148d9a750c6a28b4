import type { Pool, PoolClient } from "pg";
import type { Decider } from "./decide-access.ts";

/**
 * One commit at a time changes who is let in on a channel, on whatever process. Without the lock, a message
 * could be held while its sender gets access, and nobody would answer it.
 */
export async function lockAccess(client: PoolClient, channelIds: readonly string[]): Promise<void> {
  for (const channelId of [...new Set(channelIds)].sort())
    await client.query("SELECT pg_advisory_xact_lock(hashtextextended($1, 54))", [channelId]);
}

/** Returns those of the identifiers that were let in on a channel. */
export async function findGranted(
  client: PoolClient,
  channelId: string,
  identifiers: readonly string[],
): Promise<Set<string>> {
  const { rows } = await client.query<{ identifier: string }>({
    name: "find_granted",
    text: "SELECT identifier FROM access_grants WHERE channel_id = $1 AND identifier = ANY($2)",
    values: [channelId, identifiers],
  });
  return new Set(rows.map(({ identifier }) => identifier));
}

export interface Grant {
  id: string;
  workspaceId: string;
  channelId: string;
  identifier: string;
  name: string | null;
  source: "request" | "invite";
  by: Decider;
}

/** Lets a user in. */
export async function grantAccess(client: PoolClient, grant: Grant): Promise<void> {
  await client.query(
    `INSERT INTO access_grants (id, workspace_id, channel_id, identifier, name, source, by_name, by_via)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (channel_id, identifier) DO NOTHING`,
    [
      grant.id,
      grant.workspaceId,
      grant.channelId,
      grant.identifier,
      grant.name,
      grant.source,
      grant.by.name,
      grant.by.via,
    ],
  );
}

/** Keeps the access of a group to which the platform gave another identifier. */
export async function moveGrant(pool: Pool, channelId: string, from: string, to: string): Promise<void> {
  await pool.query(
    `UPDATE access_grants g SET identifier = $3 WHERE channel_id = $1 AND identifier = $2
       AND NOT EXISTS (SELECT 1 FROM access_grants o WHERE o.channel_id = $1 AND o.identifier = $3)`,
    [channelId, from, to],
  );
}
