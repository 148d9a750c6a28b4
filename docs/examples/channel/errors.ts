import type { HttpOutcome } from "../../../src/channels/http-client.ts";
import type { SendResult } from "../../../src/core/message/outbound.ts";
import { retryAfterMs } from "../../../src/core/time/retry-after.ts";

/** The result of a send. Sent, not sent, or unknown: what happens next depends on it. */
export function resultOf(outcome: HttpOutcome, deliveryId: string): SendResult {
  if (outcome.kind === "not_sent")
    return { ...fault(outcome.code, "Pebble cannot be reached"), kind: "retry", scope: "conversation" };
  if (outcome.kind === "unanswered")
    return { ...fault(outcome.code, "Pebble did not answer"), kind: "unknown" };
  const { status, retryAfter } = outcome;
  if (status < 300) return { kind: "sent", externalIds: [deliveryId] };
  const why = fault(`http_${status}`, `Pebble answered ${status}`);
  if (status === 401) return { ...why, kind: "failed", scope: "connection" };
  // A header in seconds becomes milliseconds.
  const afterMs = retryAfterMs(retryAfter ?? undefined, new Date()) ?? 5_000;
  if (status === 429) return { ...why, kind: "retry", scope: "conversation", afterMs };
  return status < 500
    ? { ...why, kind: "failed", scope: "conversation" }
    : { ...why, kind: "retry", scope: "conversation" };
}

const fault = (code: string, reason: string) => ({ code: `pebble_${code}`, reason });
