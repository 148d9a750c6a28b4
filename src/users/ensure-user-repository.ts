import type { Pool, PoolClient } from "pg";
import { newId } from "../core/ids.ts";

/** Returns the id of the user with this identifier on a channel. Creates a user who is new. */
export async function ensureUser(
  database: Pool | PoolClient,
  channel: { id: string; workspaceId: string },
  identifier: string,
): Promise<string> {
  await database.query(
    `INSERT INTO users (id, workspace_id, channel_id, identifier) VALUES ($1, $2, $3, $4)
     ON CONFLICT (channel_id, identifier) DO NOTHING`,
    [newId(), channel.workspaceId, channel.id, identifier],
  );
  const { rows } = await database.query<{ id: string }>(
    "SELECT id FROM users WHERE channel_id = $1 AND identifier = $2",
    [channel.id, identifier],
  );
  const id = rows[0]?.id;
  if (id === undefined) throw new Error("an inserted user is missing");
  return id;
}
