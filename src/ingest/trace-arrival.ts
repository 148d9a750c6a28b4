import type { Tracing } from "../core/trace/span.ts";
import { spanIdOf } from "../core/trace/trace-ids.ts";
import type { InboundOutcome, InboundRow } from "./inbound-row.ts";

/** Traces a stored message and the messages that waited for it. Messages that were not stored have no trace. */
export type TraceArrival = (row: InboundRow, outcome: InboundOutcome, startedAt: Date) => void;

/** Makes the first span of a message: from its arrival to its commit. */
export function createTraceArrival(
  tracing: Tracing,
  channel: (channelId: string) => { name: string; kind: string } | null,
): TraceArrival {
  return function trace(row, outcome, startedAt) {
    const { released = [], storedAs = row } = outcome;
    for (const waited of released) trace(waited.row, waited.outcome, startedAt);
    if (outcome.kind !== "accepted") return;
    const { messageId, traceparent } = storedAs;
    const { name, kind } = channel(row.channelId) ?? { name: row.channelId, kind: "" };
    tracing
      .begin({
        name: "causeway.ingest",
        kind: "consumer",
        source: { messageId, traceparent },
        id: spanIdOf("ingest", messageId),
        parent: null,
        startedAt,
        attributes: {
          "causeway.channel": name,
          "causeway.channel.kind": kind,
          "causeway.message.id": messageId,
          "causeway.execution.id": outcome.executionId ?? undefined,
          "causeway.session.created": outcome.sessionCreated,
        },
        shared: {
          "gen_ai.conversation.id": outcome.sessionId,
          "session.id": outcome.sessionId,
          "user.id": outcome.user?.id,
        },
      })
      .end();
  };
}
