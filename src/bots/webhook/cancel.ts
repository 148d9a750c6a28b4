import { newId } from "../../core/ids.ts";
import type { Logger } from "../../core/process/logger.ts";
import type { SignedPost } from "./post.ts";
import { PROTOCOL_VERSION } from "./request-body.ts";

/** Time limit for a cancel request, milliseconds. Nothing waits for it. */
const CANCEL_TIMEOUT_MS = 5_000;

/**
 * Tells endpoints that nobody waits for an answer any more. Best effort, because the closed connection tells it too.
 */
export function createCancellations(deps: {
  post(post: SignedPost): Promise<{ body: { dump(): Promise<void> } }>;
  log: Logger;
}) {
  const underWay = new Set<Promise<void>>();
  return {
    /**
     * Sends the request after a cancel or an interrupt. It is not sent after a timeout or a lost lease. In those cases
     * the same execution is requested again, and an endpoint that dropped its work would start over.
     */
    announce(executionId: string, stopped: AbortSignal): void {
      const reason = announced(stopped.reason);
      if (reason === null) return;
      const deliveryId = newId();
      const body = JSON.stringify({
        version: PROTOCOL_VERSION,
        type: "cancel",
        delivery_id: deliveryId,
        execution_id: executionId,
        reason,
      });
      const told = deps
        .post({
          type: "cancel",
          executionId,
          deliveryId,
          body,
          signal: AbortSignal.timeout(CANCEL_TIMEOUT_MS),
        })
        .then((response) => response.body.dump())
        .catch((error: unknown) => {
          deps.log.debug(
            { err: error, execution_id: executionId },
            "could not notify the endpoint of a cancel",
          );
        })
        .finally(() => underWay.delete(told));
      underWay.add(told);
    },
    async settled(): Promise<void> {
      await Promise.all(underWay);
    },
  };
}

/** A cancelled answer and a reset conversation are the same for an endpoint. */
function announced(reason: unknown): "cancelled" | "interrupted" | null {
  const stopped =
    typeof reason === "object" && reason !== null && "stopReason" in reason ? reason.stopReason : null;
  if (stopped === "cancelled" || stopped === "reset") return "cancelled";
  return stopped === "interrupted" ? stopped : null;
}
