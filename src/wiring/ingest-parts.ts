import { overloaded } from "../core/errors.ts";
import type { Room } from "../core/room.ts";
import { createIngest, type Ingest } from "../ingest/accept-inbound.ts";
import {
  createInboundRepository,
  type InboundOutcome,
  type InboundRow,
} from "../ingest/inbound-repository.ts";
import { createGroupCommit } from "../storage/group-commit.ts";
import { createUnreachableUsers } from "../storage/unreachable-users.ts";
import { createUserAliases } from "../storage/user-aliases.ts";
import { type Arrival, dispatchArrivals } from "../turns/dispatch-lanes.ts";
import type { DeliveryParts } from "./delivery-parts.ts";
import type { PartDeps } from "./pipeline-deps.ts";
import type { TurnParts } from "./turn-parts.ts";

/** Ingest, wired: from a platform's event to a committed row, and on to its turn. */
export function createIngestParts(deps: PartDeps, delivery: DeliveryParts, turns: TurnParts, room: Room) {
  const { engine, metrics, log, owner, times, works } = deps;
  const inbound = createInboundRepository(engine.database.pool);
  const unreachable = createUnreachableUsers(engine.database.pool);
  const aliases = createUserAliases(engine.database.pool);

  const commit = createGroupCommit({
    run: async (rows: InboundRow[]) => {
      const storing = inbound.storeInbound(rows, { owner, claim: works, leaseMs: times.leaseMs });
      expectTurns(rows);
      const outcomes = await storing;
      startTurns(rows, outcomes);
      return outcomes;
    },
    maxBatch: 200,
    lanes: 1,
    laneOf: (row) => row.sessionId ?? `${row.channelId}/${row.address}`,
  });

  /** A database that is slower than what arrives is not to fill the memory: what cannot wait here stays with its sender. */
  async function store(row: InboundRow): Promise<InboundOutcome> {
    const leave = room.take(Buffer.byteLength(row.content));
    if (leave === null) throw overloaded();
    try {
      return await commit(row);
    } finally {
      leave();
    }
  }

  /** Where the session is known beforehand, what its bot will ask for is read meanwhile. */
  function expectTurns(rows: InboundRow[]): void {
    for (const { sessionId, agentId, agentVersion } of rows) {
      // What goes wrong here goes wrong again where it counts, in the turn.
      if (sessionId !== null) turns.expectTurn(sessionId, agentId, agentVersion).catch(() => undefined);
    }
  }

  function startTurns(rows: InboundRow[], outcomes: InboundOutcome[]): void {
    const arrivals = rows.flatMap((row, index): Arrival[] => {
      const outcome = outcomes[index];
      return outcome?.kind === "accepted" ? [toArrival(row, outcome)] : [];
    });
    dispatchArrivals(arrivals, {
      engine: turns.turnEngine,
      runsTurns: works,
      interruptElsewhere: turns.interruptElsewhere,
      enqueue: turns.enqueueTurn,
    });
  }

  const ingest: Ingest = createIngest({
    store,
    identify: (channel, names) => aliases.identify(channel.id, names),
    onReceipt: (channel, receipt) => delivery.applyReceipt(channel.id, receipt),
    onReachability: (channel, { userIdentifier, unreachable: why }) =>
      why === null
        ? unreachable.clear(channel.id, userIdentifier)
        : unreachable.mark(channel.id, userIdentifier, why),
    async onAddressChange(channel, { from, to }) {
      await delivery.deliveries.moveAddress(channel.id, from, to);
      await aliases.move(channel.id, from, to);
    },
    onStop: async (channel, stop) => {
      for (const id of await turns.executions.runningAt(channel.id, stop.address))
        await turns.cancelExecution(id);
    },
    onOutcome(channel, row, outcome) {
      metrics.inbound.inc({ channel: channel.name, outcome: outcome.kind });
      if (outcome.kind === "accepted") delivery.activity.inbound(channel.id);
      if (outcome.kind === "accepted" && row.sessionId === null) {
        delivery.release(channel.id, row.address).catch((error: unknown) => {
          log.warn(
            { err: error, channel: channel.name },
            "could not release deliveries; the reconciler will",
          );
        });
      }
      const ids = { channel: channel.name, message_id: row.messageId, event_keys: row.eventKeys };
      log.debug(
        { ...ids, ...(outcome.kind === "accepted" ? { session_id: outcome.sessionId } : {}) },
        outcome.kind,
      );
    },
  });

  return { ingest, messageOfEvent: inbound.messageOfEvent, drain: commit.drain };
}

function toArrival(row: InboundRow, outcome: Extract<InboundOutcome, { kind: "accepted" }>): Arrival {
  return {
    owned: outcome.owned,
    answeredSeq: outcome.answeredSeq,
    lane: {
      sessionId: outcome.sessionId,
      leaseToken: outcome.leaseToken,
      workspaceId: row.workspaceId,
      channelId: row.channelId,
      agentId: outcome.agentId,
      agentVersion: outcome.agentVersion,
      user: outcome.user,
      address: row.sessionId === null ? row.address : null,
      metadata: outcome.sessionMetadata,
    },
    message: {
      id: row.messageId,
      seq: outcome.seq,
      origin: row.origin,
      content: row.content,
      payload: outcome.payload,
      executionId: row.executionId,
      attempts: 0,
      cancelled: false,
      hasAttachments: row.attachments.length > 0 || (row.uploads?.ids.length ?? 0) > 0,
      preview: null,
      createdAt: outcome.createdAt,
    },
  };
}
