import type { Logger } from "../core/process/logger.ts";
import type { Tracing } from "../core/trace/span.ts";
import { spanIdOf } from "../core/trace/trace-ids.ts";
import type { AppliedReceipt } from "../delivery/receipt-repository.ts";
import { createGroupCommit } from "../storage/group-commit.ts";
import type { DeliveredTrace } from "./trace-sources-repository.ts";

const MOST_AT_ONCE = 100;

export interface TraceReceipts {
  /** Traces a report that changed a delivery. Nothing waits for it. */
  applied(receipt: AppliedReceipt): void;
  /** Resolves once every report is traced. */
  drain(): Promise<void>;
}

/** Makes the last spans of a message: the platform reports that a send was delivered or read, or failed later. */
export function createTraceReceipts(deps: {
  tracing: Tracing;
  /** The traces of messages, by message. */
  find(messageIds: readonly string[]): Promise<ReadonlyMap<string, DeliveredTrace>>;
  channel(channelId: string): string | null;
  log: Logger;
}): TraceReceipts {
  const trace = createGroupCommit({
    async run(receipts: { receipt: AppliedReceipt; at: Date }[]): Promise<true[]> {
      const traces = await deps.find(receipts.flatMap(({ receipt }) => receipt.messageId ?? []));
      for (const { receipt, at } of receipts) show(receipt, at, traces.get(receipt.messageId ?? ""));
      return receipts.map(() => true);
    },
    maxBatch: MOST_AT_ONCE,
    partitions: 1,
  });

  function show(receipt: AppliedReceipt, at: Date, found: DeliveredTrace | undefined): void {
    const { id, attempts, state, channelId, messageId, sessionId } = receipt;
    const span = deps.tracing.begin({
      name: "causeway.receipt",
      kind: "consumer",
      source: found?.source ?? { messageId: messageId ?? id, traceparent: null },
      id: spanIdOf("receipt", id, attempts, state),
      parent: spanIdOf("deliver", id, attempts),
      startedAt: at,
      attributes: {
        "causeway.channel": deps.channel(channelId) ?? channelId,
        "causeway.delivery.id": id,
        "causeway.delivery.attempt": attempts,
        "causeway.delivery.status": state,
        "causeway.message.id": messageId ?? undefined,
      },
      shared: {
        "gen_ai.conversation.id": sessionId ?? undefined,
        "session.id": sessionId ?? undefined,
      },
    });
    if (state === "failed") span.fail(receipt.errorCode ?? "failed", receipt.error ?? "failed");
    span.end(at);
  }

  return {
    applied(receipt) {
      trace({ receipt, at: new Date() }).catch((error: unknown) => {
        deps.log.debug({ err: error, delivery_id: receipt.id }, "a receipt could not be traced");
      });
    },
    drain: trace.drain,
  };
}
