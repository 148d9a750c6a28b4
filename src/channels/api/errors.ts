import type { SendResult } from "../../core/message/outbound.ts";
import { systemClock } from "../../core/time/clock.ts";
import { retryAfterMs } from "../../core/time/retry-after.ts";
import type { HttpOutcome } from "../http-client.ts";

/** The only error without a webhook: the process is stopping. */
export const stopped: SendResult = {
  kind: "retry",
  scope: "conversation",
  code: "stopping",
  reason: "the send was stopped before it began",
};

/** Pause if a rate limit comes without a time. */
const DEFAULT_PAUSE_MS = 30_000;
const MAX_PAUSE_MS = 60 * 60_000;

/**
 * Statuses that may be temporary: the address is wrong, or the endpoint is being replaced. The same post may succeed
 * later.
 */
const PASSING = new Set([404, 405, 408, 409, 425]);

/** The send result for an answer that is not 2xx, or for no answer. */
export function sendResultOf(outcome: HttpOutcome): SendResult {
  const reason = describeOutcome(outcome);
  if (outcome.kind === "not_sent")
    return { kind: "retry", reason, code: `webhook_${outcome.code}`, scope: "conversation" };
  if (outcome.kind === "unanswered") return { kind: "unknown", reason, code: `webhook_${outcome.code}` };
  const { status } = outcome;
  const code = `webhook_${status}`;
  const askedMs = retryAfterMs(outcome.retryAfter ?? undefined, systemClock.now());
  const waitMs = askedMs === null ? null : Math.min(askedMs, MAX_PAUSE_MS);
  const later = waitMs === null ? {} : { afterMs: waitMs };
  if (status === 429)
    return { kind: "retry", reason, code, scope: "connection", afterMs: waitMs ?? DEFAULT_PAUSE_MS };
  if (status === 401 || status === 403) return { kind: "failed", reason, code, scope: "connection" };
  // The gateway got no answer in time from the server behind it. That server may have processed the post.
  if (status === 504) return { kind: "unknown", reason, code };
  if (status >= 500 || PASSING.has(status))
    return { kind: "retry", reason, code, scope: "conversation", ...later };
  if (status < 400) return { kind: "retry", reason, code, scope: "connection" };
  return { kind: "failed", reason, code, scope: "conversation" };
}

/** Describes an outcome in a sentence that an operator can act on. */
export function describeOutcome(outcome: HttpOutcome): string {
  if (outcome.kind === "not_sent")
    return `the webhook could not be reached (${outcome.code}); check the network and \`webhook.url\``;
  if (outcome.kind === "unanswered")
    return `the webhook did not answer (${outcome.code}); it may or may not have taken the reply`;
  const { status } = outcome;
  if (status === 401 || status === 403)
    return `the webhook refused the signature (HTTP ${status}); check \`webhook.secret\` on both sides`;
  return status < 400
    ? `the webhook answered with a redirect (HTTP ${status}), which is not followed; check \`webhook.url\``
    : `the webhook answered HTTP ${status}`;
}
