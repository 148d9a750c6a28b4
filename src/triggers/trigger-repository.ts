import type { Pool, PoolClient } from "pg";
import type { LaterMessage } from "../core/message/unprompted-message.ts";
import { inTransaction } from "../storage/transaction.ts";
import { ensureUser } from "../users/ensure-user-repository.ts";
import { deferredBefore, deferredId } from "./deferred-repository.ts";
import { type Spoken, speak, spokenBefore } from "./speak-repository.ts";
import { NotSpoken, type Refused, type Trigger } from "./trigger.ts";
import type { Deferred } from "./trigger-outcome.ts";
import { prepareSession } from "./trigger-session-repository.ts";

interface DeferredMessage {
  id: string;
  workspaceId: string;
  agentId: string;
  channelId: string;
  userId: string;
  later: LaterMessage;
}

/** Schedules a message for later, once per id. */
type ScheduleLater = (client: PoolClient, message: DeferredMessage) => Promise<unknown>;

/**
 * One transaction creates the user, opens their session, merges the data and stores the message. Parallel triggers for
 * one user run one after another.
 */
export function createTriggerRepository({
  pool,
  scheduleLater,
}: {
  pool: Pool;
  scheduleLater: ScheduleLater;
}) {
  return {
    /** Returns the result of an earlier trigger with this key; null if there is none. */
    async before(trigger: Omit<Trigger, "notBefore">): Promise<Spoken | Deferred | null> {
      return (
        (await spokenBefore(pool, trigger.channel.id, trigger.key)) ?? (await deferredBefore(pool, trigger))
      );
    },

    async run(trigger: Trigger): Promise<Spoken | Deferred | Refused> {
      try {
        return await inTransaction(pool, (client) => runOnce(client, trigger, scheduleLater));
      } catch (error) {
        if (error instanceof NotSpoken) return error.outcome;
        throw error;
      }
    },

    /** Stores a message in a known session, in a separate transaction. */
    say: (request: Parameters<typeof speak>[1]) => inTransaction(pool, (client) => speak(client, request)),
  };
}

async function runOnce(
  client: PoolClient,
  trigger: Trigger,
  scheduleLater: ScheduleLater,
): Promise<Spoken | Deferred> {
  const { channel, identifier } = trigger;
  await client.query("SELECT pg_advisory_xact_lock(hashtextextended($1, 7))", [
    `${channel.id}/${identifier}`,
  ]);
  const before =
    (await spokenBefore(client, channel.id, trigger.key)) ?? (await deferredBefore(client, trigger));
  if (before) return before;
  const userId = await ensureUser(client, channel, identifier);
  const session = await prepareSession(client, trigger, userId);
  if (trigger.notBefore) {
    const id = deferredId(trigger);
    const { agentId, message, notBefore: sendsAt } = trigger;
    const recipient = { workspaceId: channel.workspaceId, agentId, channelId: channel.id, userId };
    await scheduleLater(client, { id, ...recipient, later: { at: sendsAt, message } });
    return { kind: "deferred", sessionId: session.id, scheduleId: id, sendsAt };
  }
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
