import type { Pool } from "pg";
import { newId } from "../core/ids.ts";
import type { ReplyLimits } from "../core/message/reply-parts.ts";
import { asksForPerson, type HandoffSettings } from "../core/session/handoff-settings.ts";
import { inTransaction } from "../storage/transaction.ts";
import type { DeskPlace, HandoffSession, HandoffSource, Person } from "./handoff.ts";
import { type Release, releaseHandoff } from "./release-repository.ts";
import { type Changed, type HandoffRequest, type Requested, requestHandoff } from "./request-repository.ts";
import { type PersonReply, type Refused, replyInHandoff, takeHandoff } from "./take-and-reply-repository.ts";

export interface HandoffsDeps {
  pool: Pool;
  /** The handoff settings of an agent's version. */
  settings(agentId: string, version: number): Promise<HandoffSettings>;
  channels: {
    /** The rules of a channel for texts. */
    limits(channelId: string): ReplyLimits;
    /** The place of a desk in the workspace of a channel; null if no channel of this process shows it. */
    desk(channelId: string, name: string): DeskPlace | null;
  };
  /** The work that follows a commit. */
  after: {
    /** Queues committed deliveries. */
    deliver(channelId: string, deliveryIds: readonly string[]): void;
    /** Notifies the watchers of a session. */
    notify(channelId: string, sessionId: string): void;
    /** Stops the running turns of cancelled executions. */
    stop(executionIds: readonly string[]): void;
    /** Starts the turns that wait in a session. */
    wake(sessionId: string): void;
    /** Sends what a session's commits planned for a desk. */
    tellDesk(sessionId: string): void;
  };
}

/** A request for a person. */
export interface Asked {
  id?: string;
  source: HandoffSource;
  reason: string | null;
  /** Absent: the agent's own desk. */
  desk?: string | null | undefined;
  note?: string | null | undefined;
  messageId?: string | null;
}

export type Handoffs = ReturnType<typeof createHandoffs>;

/** Requests, takes and releases handoffs. Each is one commit, and the work that follows comes after it. */
export function createHandoffs(deps: HandoffsDeps) {
  const { pool, channels, after } = deps;

  function move<T extends { kind: string } | ({ kind: string } & Changed)>(outcome: T): T {
    if (!("deliveryIds" in outcome)) return outcome;
    const { sessionId, channelId, deliveryIds, cancelled, waits } = outcome;
    after.stop(cancelled);
    if (deliveryIds.length > 0) after.deliver(channelId, deliveryIds);
    after.notify(channelId, sessionId);
    after.tellDesk(sessionId);
    if (waits) after.wake(sessionId);
    return outcome;
  }

  async function contextOf(session: HandoffSession) {
    const settings = await deps.settings(session.agentId, session.agentVersion);
    return { sessionId: session.id, settings, limits: channels.limits(session.channelId) };
  }

  /** Loads the settings of a request before its transaction, so that the transaction waits for nothing. */
  async function prepare(session: HandoffSession, asked: Asked): Promise<HandoffRequest> {
    const { id = newId(), source, reason, desk, note = null, messageId = null } = asked;
    const context = await contextOf(session);
    const own = desk === undefined ? context.settings.desk : desk;
    const deskPlace = own === null ? null : channels.desk(session.channelId, own);
    return { ...context, id, source, reason, desk: own, deskPlace, note, messageId };
  }

  return {
    /** The same within a larger transaction. The caller calls `move` after its commit. */
    prepare,
    within: requestHandoff,
    move: <T extends { kind: string } | ({ kind: string } & Changed)>(outcome: T): T => move(outcome),
    contextOf,

    async request(session: HandoffSession, asked: Asked): Promise<Requested> {
      const request = await prepare(session, asked);
      return move(await inTransaction(pool, (client) => requestHandoff(client, request)));
    },

    /** True if a user's message asks for a person. */
    async isAskedFor(session: Pick<HandoffSession, "agentId" | "agentVersion">, content: string) {
      return asksForPerson(await deps.settings(session.agentId, session.agentVersion), content);
    },

    async take(session: HandoffSession, by: Person, force: boolean) {
      const act = { ...(await contextOf(session)), by, force };
      return move(await inTransaction(pool, (client) => takeHandoff(client, act)));
    },

    async reply(session: HandoffSession, by: Person, reply: PersonReply) {
      const act = { ...(await contextOf(session)), by, reply };
      return move(await inTransaction(pool, (client) => replyInHandoff(client, act)));
    },

    async release(
      session: HandoffSession,
      release: Pick<Release, "by" | "resume" | "prompt" | "text">,
    ): Promise<({ kind: "released" } & Changed) | Refused> {
      const act = { ...(await contextOf(session)), ...release };
      return move(await inTransaction(pool, (client) => releaseHandoff(client, act)));
    },
  };
}
