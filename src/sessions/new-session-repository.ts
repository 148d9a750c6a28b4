import type { Pool, PoolClient } from "pg";
import { newId } from "../core/ids.ts";
import type { VariableValue } from "../core/session/template.ts";
import type { JsonObject } from "../core/text/json.ts";
import { storableJson } from "../core/text/text.ts";
import { inTransaction } from "../storage/transaction.ts";
import { storeHistory } from "./append-repository.ts";
import { openSession } from "./open-repository.ts";
import { sessionOfKey } from "./resolve-repository.ts";

/** A session that an API caller opens. It has no messages, except those in `history`. */
export interface NewSession {
  id: string;
  workspaceId: string;
  agentId: string;
  agentVersion: number;
  channelId: string;
  single: boolean;
  /** An existing user, a user to find or create by identifier, or none. */
  user: { id: string } | { identifier: string; name: string | null; language?: string | null } | null;
  externalKey: string | null;
  title: string | null;
  situation: string | null;
  renderTemplates: boolean;
  variables: Record<string, VariableValue>;
  metadata: JsonObject;
  /** Earlier messages, oldest first. */
  history: readonly { role: "user" | "assistant"; content: string }[];
}

export type SessionOpened =
  | { kind: "opened" }
  /** The user has an open session here already, or one with this external id is open. */
  | { kind: "taken"; sessionId: string };

/** Opens a session that a caller describes. Opening the same id again changes nothing, so a repeated request finds it. */
export function openNewSession(pool: Pool, session: NewSession): Promise<SessionOpened> {
  return inTransaction(pool, async (client) => {
    const user = await userOf(client, session);
    const userId = user?.id ?? null;
    const address = session.single ? (user?.identifier ?? null) : null;
    const historyLength = session.history.length;
    const opened = await openSession(client, { ...session, userId, address, historyLength });
    if (opened === null) return conflictOf(client, { ...session, userId });
    await storeHistory(client, session.id, session.history);
    return { kind: "opened" };
  });
}

async function userOf(
  client: PoolClient,
  { user, workspaceId, channelId }: NewSession,
): Promise<{ id: string; identifier: string } | null> {
  if (user === null) return null;
  const { rows } =
    "id" in user
      ? await client.query<{ id: string; identifier: string }>(
          "SELECT id, identifier FROM users WHERE id = $1",
          [user.id],
        )
      : await client.query<{ id: string; identifier: string }>(
          `INSERT INTO users (id, workspace_id, channel_id, identifier, name, profile) VALUES ($1, $2, $3, $4, $5, $6)
           ON CONFLICT (channel_id, identifier) DO UPDATE SET name = coalesce(EXCLUDED.name, users.name),
             profile = users.profile || EXCLUDED.profile,
             updated_at = CASE WHEN (EXCLUDED.name IS NULL OR EXCLUDED.name IS NOT DISTINCT FROM users.name)
               AND users.profile @> EXCLUDED.profile THEN users.updated_at ELSE now() END
           RETURNING id, identifier`,
          [
            newId(),
            workspaceId,
            channelId,
            user.identifier,
            user.name,
            storableJson(user.language ? { locale: user.language } : {}),
          ],
        );
  return rows[0] ?? null;
}

async function conflictOf(
  client: PoolClient,
  session: NewSession & { userId: string | null },
): Promise<SessionOpened> {
  const { rowCount } = await client.query("SELECT 1 FROM sessions WHERE id = $1", [session.id]);
  if (rowCount === 1) return { kind: "opened" };
  const key = session.single ? session.userId : session.externalKey;
  const sessionId = await sessionOfKey(client, { ...session, key });
  if (sessionId === null) throw new Error("a session could not be opened, and none is in its way");
  return { kind: "taken", sessionId };
}
