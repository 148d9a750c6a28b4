import { detailsOf } from "../core/message/details.ts";
import type { Logger } from "../core/process/logger.ts";
import type { Handoffs } from "../handoffs/handoffs-repository.ts";
import { requestForUser } from "../handoffs/request-for-user.ts";
import { type Arrival, dispatchArrivals, type LaneStarter } from "../turns/lanes/dispatch-lanes.ts";
import type { InboundOutcome, InboundRow, ReleasedMessage } from "./inbound-row.ts";

export interface BeginTurnsDeps {
  turnEngine: LaneStarter;
  handoffs: Pick<Handoffs, "isAskedFor" | "request">;
  /** False on a process that runs no turns. */
  runsTurns: boolean;
  /** Tells the process that may hold a lane of a new message. */
  interruptElsewhere(sessionId: string, isReset: boolean): void;
  /** Leaves a turn to a worker. */
  enqueue(sessionId: string): void;
  log: Logger;
}

/** Begins the turns of stored messages. `outcomes` has one entry per row, in the same order. */
export function createBeginTurns(deps: BeginTurnsDeps) {
  const { turnEngine, handoffs, runsTurns, interruptElsewhere, enqueue, log } = deps;

  /**
   * A user who asks for a person does not wait for the previous answer. Without this, its lane would handle the request
   * later.
   */
  function askForPerson({ lane, message }: Arrival): void {
    if (message.origin !== "user") return;
    const ask = async () => {
      if (await handoffs.isAskedFor(lane, message.content)) await requestForUser(handoffs, lane, message.id);
    };
    ask().catch((error: unknown) => {
      log.warn({ err: error, session_id: lane.sessionId }, "could not request a person; the lane will");
    });
  }

  return (rows: readonly InboundRow[], outcomes: readonly InboundOutcome[]): void => {
    const arrivals = rows.flatMap((row, index): Arrival[] => {
      const outcome = outcomes[index];
      if (outcome === undefined) return [];
      const { released = [], storedAs = row } = outcome;
      return [...released, { row: storedAs, outcome }].flatMap(arrivalsOf);
    });
    for (const arrival of arrivals) {
      if (!arrival.owned || turnEngine.holds(arrival.lane.sessionId)) askForPerson(arrival);
    }
    dispatchArrivals(arrivals, { engine: turnEngine, runsTurns, interruptElsewhere, enqueue });
  };
}

/** A message that a person answers, or will answer, starts no turn. */
function arrivalsOf({ row, outcome }: ReleasedMessage): Arrival[] {
  const isForBot = outcome.kind === "accepted" && (outcome.executionId !== null || row.origin === "command");
  return isForBot ? [toArrival(row, outcome)] : [];
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
      role: row.role,
      content: row.content,
      payload: outcome.payload,
      executionId: outcome.executionId,
      attempts: 0,
      cancelled: false,
      hasAttachments: row.attachments.length > 0 || (row.uploads?.ids.length ?? 0) > 0,
      listened: false,
      preview: null,
      isOpen: row.gathering !== null,
      context: row.context,
      details: detailsOf(row.metadata),
      // A caller's message in a session is no message of the platform.
      eventKeys: row.sessionId === null ? row.eventKeys : [],
      replyReference: row.replyReference,
      traceparent: row.traceparent,
      createdAt: outcome.createdAt,
    },
  };
}
