import type { Pool, PoolClient } from "pg";
import { newId } from "../core/ids.ts";
import type { ReplyLimits } from "../core/message/reply-parts.ts";
import type { LaterMessage, UnpromptedMessage } from "../core/message/unprompted-message.ts";
import type { ChannelRef } from "../core/session/runtime.ts";
import type { JsonObject } from "../core/text/json.ts";
import { mergePatch } from "../core/text/merge-patch.ts";
import { storableJson } from "../core/text/text.ts";
import { openSession } from "../sessions/open-repository.ts";
import { lockLatestSession } from "../sessions/resolve-repository.ts";
import { inTransaction } from "../storage/transaction.ts";
import { ensureUser } from "../users/ensure-user-repository.ts";
import { mergeParticipantData } from "../users/participant-writes-repository.ts";
import { deferredBefore, deferredId } from "./deferred-repository.ts";
import { type Spoken, speak, spokenBefore } from "./speak-repository.ts";
import type { Deferred, TriggerOutcome } from "./trigger-outcome.ts";

/** A request that the bot sends a message to a user. */
export interface Trigger {
  channel: ChannelRef & ReplyLimits;
  agentId: string;
  identifier: string;
  /** The only session that may receive it. Null or missing: the most recently used open session, or a new one. */
  sessionId?: string | null;
  message: UnpromptedMessage;
  startNewSession: boolean;
  /** Merge patch (RFC 7396), like `participantData`. */
  sessionData: JsonObject;
  participantData: JsonObject;
  metadata: JsonObject;
  /** Earliest time for the message. The session and the data do not wait. Null: it is sent now. */
  notBefore: Date | null;
  /** Required variables of the agent that have no value. So no session can be opened. */
  missing?: readonly string[];
  /** Idempotency key: repeated requests with the same key are processed once. */
  key: string;
  /** The header of the call whose trace goes on with it. */
  traceparent?: string | null;
}

export interface TriggerRepositoryDeps {
  pool: Pool;
  /** Ends a session and opens the next one. */
  reset(client: PoolClient, session: { id: string; newSessionId: string }): Promise<unknown>;
  /** Schedules a message for later, once per id. */
  scheduleLater(client: PoolClient, message: DeferredMessage): Promise<unknown>;
}

interface DeferredMessage {
  id: string;
  workspaceId: string;
  agentId: string;
  channelId: string;
  userId: string;
  later: LaterMessage;
}

interface OpenSession {
  id: string;
  metadata: JsonObject;
}

/**
 * One transaction creates the user, opens their session, merges the data and stores the message. Parallel triggers for
 * one user run one after another.
 */
export function createTriggerRepository({ pool, reset, scheduleLater }: TriggerRepositoryDeps) {
  async function sessionFor(
    client: PoolClient,
    trigger: Trigger,
    userId: string,
    open: OpenSession | null,
  ): Promise<OpenSession> {
    if (open && !trigger.startNewSession) return open;
    if (open) {
      const newSessionId = newId();
      await reset(client, { id: open.id, newSessionId });
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

  async function runOnce(client: PoolClient, trigger: Trigger): Promise<Spoken | Deferred> {
    const { channel, identifier } = trigger;
    await client.query("SELECT pg_advisory_xact_lock(hashtextextended($1, 7))", [
      `${channel.id}/${identifier}`,
    ]);
    const before =
      (await spokenBefore(client, channel.id, trigger.key)) ?? (await deferredBefore(client, trigger));
    if (before) return before;
    const userId = await ensureUser(client, channel, identifier);
    const session = await prepareSession(client, trigger, userId);
    if (trigger.notBefore) return deferUntil(client, trigger, trigger.notBefore, { userId, session });
    const spoken = await speak(client, {
      sessionId: session.id,
      key: trigger.key,
      message: trigger.message,
      metadata: trigger.metadata,
      unlessUserWroteAfter: null,
      limits: channel,
      traceparent: trigger.traceparent ?? null,
    });
    if (spoken.kind === "handoff") throw new NotSpoken({ kind: "handoff" });
    if (spoken.kind !== "spoken") throw new Error("the session of a trigger was deleted meanwhile");
    return spoken;
  }

  /** The session in which the bot will speak, with the trigger's data. */
  async function prepareSession(client: PoolClient, trigger: Trigger, userId: string): Promise<OpenSession> {
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

  async function deferUntil(
    client: PoolClient,
    trigger: Trigger,
    sendsAt: Date,
    { userId, session }: { userId: string; session: OpenSession },
  ): Promise<Deferred> {
    const { channel, agentId, message } = trigger;
    const id = deferredId(trigger);
    const place = { workspaceId: channel.workspaceId, agentId, channelId: channel.id, userId };
    await scheduleLater(client, { id, ...place, later: { at: sendsAt, message } });
    return { kind: "deferred", sessionId: session.id, scheduleId: id, sendsAt };
  }

  return {
    /** Returns the result of an earlier trigger with this key; null if there is none. */
    async before(trigger: Omit<Trigger, "notBefore">): Promise<Spoken | Deferred | null> {
      return (
        (await spokenBefore(pool, trigger.channel.id, trigger.key)) ?? (await deferredBefore(pool, trigger))
      );
    },

    async run(trigger: Trigger): Promise<Spoken | Deferred | Refused> {
      try {
        return await inTransaction(pool, (client) => runOnce(client, trigger));
      } catch (error) {
        if (error instanceof NotSpoken) return error.outcome;
        throw error;
      }
    },

    /** Stores a message in a known session, in a separate transaction. */
    say: (request: Parameters<typeof speak>[1]) => inTransaction(pool, (client) => speak(client, request)),
  };
}

type Refused = Extract<TriggerOutcome, { kind: "handoff" | "variables_missing" }>;

/** Rolls back everything that a trigger changed, because the bot may not speak. */
class NotSpoken extends Error {
  readonly outcome: Refused;

  constructor(outcome: Refused) {
    super(outcome.kind);
    this.outcome = outcome;
  }
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
