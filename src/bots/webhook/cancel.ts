import { newId } from "../../core/ids.ts";
import type { Logger } from "../../core/logger.ts";
import type { SignedPost } from "./post.ts";
import { PROTOCOL_VERSION } from "./request-body.ts";

/** How long telling an endpoint may take; nobody waits for it, milliseconds. */
const CANCEL_TIMEOUT_MS = 5_000;

/** Tells endpoints that nobody waits for an answer any more. Best effort: the closed connection says it too. */
export function createCancellations(deps: {
  post(post: SignedPost): Promise<{ body: { dump(): Promise<void> } }>;
  log: Logger;
}) {
  const underWay = new Set<Promise<void>>();
  return {
    /**
     * After a cancel or an interrupt. Not after a timeout or a lost lease: there the same execution is asked for again,
     * and an endpoint that had thrown its work away would have to start over.
     */
    announce(executionId: string, stopped: AbortSignal): void {
      const reason = stopReason(stopped.reason);
      if (reason !== "cancelled" && reason !== "interrupted") return;
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
            "could not tell the endpoint of a cancel",
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

function stopReason(reason: unknown): unknown {
  return typeof reason === "object" && reason !== null && "stopReason" in reason ? reason.stopReason : null;
}
