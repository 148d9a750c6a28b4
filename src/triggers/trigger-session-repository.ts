import type { PoolClient } from "pg";
import { newId } from "../core/ids.ts";
import type { JsonObject } from "../core/text/json.ts";
import { mergePatch } from "../core/text/merge-patch.ts";
import { storableJson } from "../core/text/text.ts";
import { openSession } from "../sessions/open-repository.ts";
import { resetInTransaction } from "../sessions/reset-repository.ts";
import { lockLatestSession } from "../sessions/resolve-repository.ts";
import { mergeParticipantData } from "../users/participant-writes-repository.ts";
import { NotSpoken, type Trigger } from "./trigger.ts";

/** An open session, locked. */
export interface OpenSession {
  id: string;
  metadata: JsonObject;
}

/** The session in which the bot will speak, with the trigger's data. */
export async function prepareSession(
  client: PoolClient,
  trigger: Trigger,
  userId: string,
): Promise<OpenSession> {
  const { agentId, participantData } = trigger;
  // Answers to this message go to its agent, so end a handover to another agent.
  await client.query("UPDATE users SET handed_to = NULL WHERE id = $1 AND handed_to <> $2", [
    userId,
    agentId,
  ]);
  // Lock the session before the data, in the same order as a turn that ends. Store the data before rules read it.
  const open = await lockSessionOf(client, trigger, userId);
  const keep = async (sessionId: string | null) =>
    Object.keys(participantData).length === 0 ||
    (await mergeParticipantData(client, { userId, sessionId, agentId }, participantData));
  // The data of an anonymous visitor belongs to the session, which must exist first.
  const isKept = await keep(null);
  const session = await sessionFor(client, trigger, userId, open);
  if (!isKept) await keep(session.id);
  if (trigger.startNewSession || Object.keys(trigger.sessionData).length > 0) {
    await client.query("UPDATE sessions SET metadata = $2, updated_at = now() WHERE id = $1", [
      session.id,
      storableJson(mergePatch(session.metadata, trigger.sessionData)),
    ]);
  }
  return session;
}

async function sessionFor(
  client: PoolClient,
  trigger: Trigger,
  userId: string,
  open: OpenSession | null,
): Promise<OpenSession> {
  if (open && !trigger.startNewSession) return open;
  if (open) {
    const newSessionId = newId();
    await resetInTransaction(client, { sessionId: open.id, reason: "new_session", newSessionId });
    return { id: newSessionId, metadata: {} };
  }
  const { channel, agentId, identifier, missing = [] } = trigger;
  if (missing.length > 0) throw new NotSpoken({ kind: "variables_missing", missing });
  const single = channel.sessions === "single";
  await openSession(client, {
    id: newId(),
    workspaceId: channel.workspaceId,
    agentId,
    agentVersion: null,
    channelId: channel.id,
    userId,
    single,
    externalKey: null,
    // On other channels the session is its own address.
    address: single || channel.addressesUsers ? identifier : null,
  });
  // If the user wrote at the same moment, that message may have opened the session.
  const opened = await lockSessionOf(client, trigger, userId);
  if (!opened) throw new Error("a session was opened and is not there");
  return opened;
}

/** Locks and returns the open session that a trigger speaks in. */
async function lockSessionOf(
  client: PoolClient,
  { channel, agentId, sessionId = null }: Trigger,
  userId: string,
): Promise<OpenSession | null> {
  const session = await lockLatestSession(client, { channelId: channel.id, agentId, userId, sessionId });
  if (sessionId !== null && session === null) throw new Error("the session it belongs to has ended");
  return session;
}
