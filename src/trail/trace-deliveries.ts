import type { Logger } from "../core/process/logger.ts";
import { shortened } from "../core/text/text.ts";
import type { Tracing } from "../core/trace/span.ts";
import { spanIdOf } from "../core/trace/trace-ids.ts";
import type { AttemptRecord } from "../delivery/attempt-repository.ts";
import type { ClaimedDelivery } from "../delivery/claim-repository.ts";
import { createGroupCommit } from "../storage/group-commit.ts";
import type { DeliveredTrace } from "./trace-sources-repository.ts";

/** Characters of one text in a span. */
const TEXT_LIMIT = 16_000;
const MOST_AT_ONCE = 100;

/** One send of a delivery, and its recorded result. */
interface TracedSend {
  delivery: ClaimedDelivery;
  record: AttemptRecord;
  startedAt: Date;
  endedAt: Date;
}

export interface TraceDeliveries {
  /** Traces a recorded send. Nothing waits for it. */
  sent(delivery: ClaimedDelivery, record: AttemptRecord, startedAt: Date): void;
  /** Resolves once every send is traced. */
  drain(): Promise<void>;
}

/** Makes the spans of sends, after the fact. So a delivery costs nothing more before it is sent. */
export function createTraceDeliveries(deps: {
  tracing: Tracing;
  /** The traces of messages, by message. */
  find(messageIds: readonly string[]): Promise<ReadonlyMap<string, DeliveredTrace>>;
  channel(channelId: string): string | null;
  log: Logger;
}): TraceDeliveries {
  const { tracing, log } = deps;

  const trace = createGroupCommit({
    async run(sends: TracedSend[]): Promise<true[]> {
      const traces = await deps.find(sends.flatMap(({ delivery }) => delivery.messageId ?? []));
      for (const send of sends) begin(send, traces.get(send.delivery.messageId ?? ""));
      return sends.map(() => true);
    },
    maxBatch: MOST_AT_ONCE,
    partitions: 1,
  });

  function begin(send: TracedSend, found: DeliveredTrace | undefined): void {
    const { delivery, record, startedAt, endedAt } = send;
    const source = found?.source ?? { messageId: delivery.messageId ?? delivery.id, traceparent: null };
    const executionId = found?.executionId ?? null;
    const span = tracing.begin({
      name: "causeway.deliver",
      kind: "producer",
      source,
      id: spanIdOf("deliver", delivery.id, delivery.attempts),
      parent: executionId === null ? null : spanIdOf("turn", executionId),
      startedAt,
      attributes: {
        "causeway.channel": deps.channel(delivery.channelId) ?? delivery.channelId,
        "causeway.delivery.id": delivery.id,
        "causeway.delivery.part": delivery.part,
        "causeway.delivery.attempt": delivery.attempts,
        "causeway.delivery.status": record.status === "queued" ? "retry" : record.status,
        "causeway.message.id": delivery.messageId ?? undefined,
      },
      shared: {
        "gen_ai.conversation.id": delivery.sessionId ?? undefined,
        "session.id": delivery.sessionId ?? undefined,
      },
    });
    if (record.errorCode !== null) span.fail(record.errorCode, record.error ?? record.errorCode);
    if (span.showsText) span.set({ "causeway.delivery.text": shortened(delivery.content, TEXT_LIMIT) });
    span.end(endedAt);
  }

  return {
    sent(delivery, record, startedAt) {
      trace({ delivery, record, startedAt, endedAt: new Date() }).catch((error: unknown) => {
        log.debug({ err: error, delivery_id: delivery.id }, "a delivery could not be traced");
      });
    },
    drain: trace.drain,
  };
}
