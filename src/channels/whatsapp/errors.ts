import type { SendResult } from "../channel.ts";
import { deliveryCode, describeCode, meaningOf } from "./error-codes.ts";
import { type Answer, TransportError } from "./transport.ts";

/** What can go wrong with a call of the REST API, without anything secret in it. */
export type TwilioFault =
  /** Twilio answered no, in its own words. */
  | { kind: "refused"; status: number; code: number; said: string | null; retryAfterMs: number | null }
  /** Something in between (a proxy) answered instead of Twilio. */
  | { kind: "intercepted"; status: number }
  /** Nothing of the request was written. */
  | { kind: "not_sent"; code: string }
  /** The request left, the answer did not come. */
  | { kind: "unanswered"; code: string };

/** How long everything rests after a limit that does not say how long it lasts, milliseconds. */
const DEFAULT_PAUSE_MS = 5_000;

/** An answer that is not what was asked for. */
export function readRefusal(answer: Answer): TwilioFault {
  const { status, retryAfterMs } = answer;
  const body = readJson(answer.body);
  // The limit is a limit whoever words it.
  if (status === 429) return { kind: "refused", status, code: 20429, said: null, retryAfterMs };
  if (status === 401) return { kind: "refused", status, code: 20003, said: null, retryAfterMs };
  // `message` in the errors Twilio has always had, `detail` and `title` in the newer ones (RFC 9457).
  const said = [body?.message, body?.detail, body?.title].find((each) => typeof each === "string");
  const code = body?.code;
  if (typeof code === "number" || said !== undefined)
    return {
      kind: "refused",
      status,
      code: typeof code === "number" ? code : 0,
      said: typeof said === "string" ? said : null,
      retryAfterMs,
    };
  // A gateway's 3xx and 4xx turned the request away; its 5xx, or its 200, may come from behind it.
  return status >= 300 && status < 500
    ? { kind: "intercepted", status }
    : { kind: "unanswered", code: `http_${status}` };
}

export function readFailure(error: unknown): TwilioFault {
  if (!(error instanceof TransportError)) return { kind: "unanswered", code: "unexpected_error" };
  return error.sent ? { kind: "unanswered", code: error.code } : { kind: "not_sent", code: error.code };
}

/** What a fault means for one send. */
export function sendResultOf(fault: TwilioFault): SendResult {
  const reason = describeFault(fault);
  switch (fault.kind) {
    case "not_sent":
      return { kind: "retry", reason, code: `twilio_${fault.code}`, scope: "conversation" };
    case "unanswered":
      return { kind: "unknown", reason, code: `twilio_${fault.code}` };
    case "intercepted":
      return { kind: "retry", reason, code: `twilio_http_${fault.status}`, scope: "channel" };
    case "refused":
      return refusedSend(fault, reason);
  }
}

function refusedSend(fault: Extract<TwilioFault, { kind: "refused" }>, reason: string): SendResult {
  const code = deliveryCode(fault.code);
  switch (meaningOf(fault.code)) {
    case "slow_down":
      // The limits count for the sender or the account: sending on elsewhere makes them last.
      return {
        kind: "retry",
        reason,
        code,
        scope: "channel",
        afterMs: fault.retryAfterMs ?? DEFAULT_PAUSE_MS,
      };
    case "try_again":
      return { kind: "retry", reason, code, scope: "conversation" };
    case "misconfigured":
      return { kind: "failed", reason, code, scope: "channel" };
    case "window_closed":
    case "opted_out":
      return { kind: "failed", reason, code, scope: "conversation" };
    case "failed":
      break;
  }
  // An error Twilio itself words was not carried out, also when it is its own fault.
  if (fault.status >= 500) {
    const later = fault.retryAfterMs === null ? {} : { afterMs: fault.retryAfterMs };
    return { kind: "retry", reason, code, scope: "conversation", ...later };
  }
  return { kind: "failed", reason, code, scope: "conversation" };
}

/** A fault as a sentence an operator can act on. */
export function describeFault(fault: TwilioFault): string {
  switch (fault.kind) {
    case "not_sent":
      return `Twilio could not be reached (${fault.code}); check the network and \`apiBaseUrl\``;
    case "unanswered":
      return `Twilio did not answer (${fault.code}); the call may or may not have been carried out`;
    case "intercepted":
      return `something other than Twilio answered with HTTP ${fault.status}; check \`apiBaseUrl\` and proxies`;
    case "refused":
      return describeCode(fault.code, fault.said ?? `HTTP ${fault.status}`);
  }
}

/** What is read of an answer, whatever it is. */
export interface AnswerBody {
  sid?: unknown;
  code?: unknown;
  message?: unknown;
  detail?: unknown;
  title?: unknown;
}

/** The object in a body; null for anything else. */
export function readJson(body: string): AnswerBody | null {
  try {
    const json: unknown = JSON.parse(body);
    return typeof json === "object" && json !== null && !Array.isArray(json) ? { ...json } : null;
  } catch {
    return null;
  }
}
