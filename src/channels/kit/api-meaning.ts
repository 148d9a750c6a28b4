import type { DeliveryReceipt } from "../../core/message/channel-event.ts";
import type { SendResult } from "../../core/message/outbound.ts";
import { type ApiFault, describeCode, describeFault, type ProviderWords } from "./api-fault.ts";

/** Pause of all sends after a limit without a duration, milliseconds. */
const DEFAULT_PAUSE_MS = 5_000;
/** WhatsApp allows one message in six seconds to the same user in the long run (Meta, "Pair rate limits"). */
const PAIR_PAUSE_MS = 6_000;

/** The result of one send for a fault. */
export function sendResultOf(fault: ApiFault, words: ProviderWords): SendResult {
  const reason = describeFault(fault, words);
  switch (fault.kind) {
    case "not_sent":
      return { kind: "retry", reason, code: `${words.prefix}_${fault.code}`, scope: "conversation" };
    case "unanswered":
      return {
        kind: "unknown",
        reason,
        code: `${words.prefix}_${fault.code}`,
        ...(words.receiptsAfterMs === null ? {} : { afterMs: words.receiptsAfterMs }),
      };
    case "intercepted":
      return { kind: "retry", reason, code: `${words.prefix}_http_${fault.status}`, scope: "connection" };
    case "refused":
      return refusedSend(fault, reason, words);
  }
}

function refusedSend(
  fault: Extract<ApiFault, { kind: "refused" }>,
  reason: string,
  words: ProviderWords,
): SendResult {
  const code = deliveryCode(fault.code, words);
  const afterMs = fault.retryAfterMs;
  const later = afterMs === null ? {} : { afterMs };
  const again = { kind: "retry", reason, code, scope: "conversation", ...later } as const;
  switch (words.meaningOf(fault.code)) {
    case "slow_down":
      // The limits count for the sender or the account. Sends to other users would prolong them.
      return { kind: "retry", reason, code, scope: "connection", afterMs: afterMs ?? DEFAULT_PAUSE_MS };
    case "slow_down_user":
      return { kind: "retry", reason, code, scope: "conversation", afterMs: afterMs ?? PAIR_PAUSE_MS };
    case "try_again":
      return again;
    case "misconfigured":
      return { kind: "failed", reason, code, scope: "connection" };
    case "window_closed":
    case "file_refused":
      return { kind: "failed", reason, code, scope: "conversation" };
    case "opted_out":
      return { kind: "failed", reason, code, scope: "user" };
    case "marketing_refused":
      return { kind: "parked", reason, code, refused: true };
    case "failed":
      break;
  }
  // If the provider itself reports the error, it did not execute the call, even if the error is its own.
  if (fault.status >= 500) return again;
  return { kind: "failed", reason, code, scope: "conversation" };
}

/**
 * The fields of a receipt for a failure. They mean the same as an answer of that kind to the send. `said` is the
 * provider's own text, if it gave any. `hasTemplate`: a template can replace a message after the window is closed.
 */
export function failureOf(
  code: number,
  said: string | null,
  words: ProviderWords,
  hasTemplate: boolean,
): Omit<DeliveryReceipt, "type" | "externalId" | "deliveryId" | "state"> {
  const reason = describeCode(code, said, words);
  const result = refusedSend({ kind: "refused", status: 400, code, said, retryAfterMs: null }, reason, words);
  const failure = { errorCode: deliveryCode(code, words), errorMessage: reason };
  if (result.kind === "parked") return { ...failure, meaning: "parked" };
  if (result.kind === "retry") {
    const { scope, afterMs } = result;
    return { ...failure, meaning: "retry", ...(afterMs === undefined ? {} : { afterMs, scope }) };
  }
  switch (words.meaningOf(code)) {
    case "window_closed":
      return { ...failure, meaning: hasTemplate ? "retry" : "parked" };
    case "file_refused":
      return { ...failure, meaning: "retry" };
    case "opted_out":
      return { ...failure, userUnreachable: true };
    default:
      return failure;
  }
}

/** The problem of the whole connection that a code reports; null if the code is about one message. */
export function troubleOf(code: number, said: string | null, words: ProviderWords): string | null {
  return words.meaningOf(code) === "misconfigured" ? describeCode(code, said, words) : null;
}

/** True if a delivery failed because of its file, by its code. */
export function isFileCode(deliveryCode: string, words: ProviderWords): boolean {
  const [prefix, code] = deliveryCode.split("_");
  return prefix === words.prefix && words.meaningOf(Number(code)) === "file_refused";
}

/** The error code of a delivery. */
function deliveryCode(code: number, words: ProviderWords): string {
  const meaning = words.meaningOf(code);
  if (meaning === "window_closed" || meaning === "opted_out" || meaning === "marketing_refused")
    return meaning;
  return code > 0 ? `${words.prefix}_${code}` : `${words.prefix}_failed`;
}
