import type { SendResult } from "../../core/message/outbound.ts";
import { systemClock } from "../../core/time/clock.ts";
import { retryAfterMs } from "../../core/time/retry-after.ts";
import type { HttpOutcome } from "../http-client.ts";

/** A failed send, without secrets. */
export type SendFault = Exclude<HttpOutcome, { kind: "answered" }> | Answered;

interface Answered {
  kind: "answered";
  status: number;
  pauseMs: number | null;
}

/** A failed token request. No message was sent yet, so none can be lost or doubled. */
export type TokenFault =
  | SendFault
  /** The authorization server refused our credentials. `error` is a code from RFC 6749, 5.2. */
  | { kind: "refused"; error: string };

/** Pause if a rate limit comes without a time. */
const DEFAULT_PAUSE_MS = 30_000;
const MIN_PAUSE_MS = 1_000;
const MAX_PAUSE_MS = 60 * 60_000;

/** Converts an answer that is not 2xx, or a missing answer. */
export function readSendFault(outcome: HttpOutcome): SendFault {
  if (outcome.kind !== "answered") return outcome;
  return { kind: "answered", status: outcome.status, pauseMs: pauseOf(outcome.retryAfter) };
}

/** Converts an answer of the token endpoint without a token, or a missing answer. */
export function readTokenFault(outcome: HttpOutcome): TokenFault {
  if (outcome.kind === "answered" && [400, 401, 403].includes(outcome.status))
    return { kind: "refused", error: oauthError(outcome.body) ?? `http_${outcome.status}` };
  return readSendFault(outcome);
}

function oauthError(body: string | null): string | null {
  try {
    const answer: unknown = JSON.parse(body ?? "");
    const error = typeof answer === "object" && answer !== null && "error" in answer ? answer.error : null;
    // Accept only a code in the standard's format. Any other text could be a page that quotes our request.
    return typeof error === "string" && /^[a-z_]{1,40}$/.test(error) ? error : null;
  } catch {
    return null;
  }
}

/** The pause that `Retry-After` asks for, within our limits. Null if it asks for none. */
function pauseOf(retryAfter: string | null): number | null {
  const askedMs = retryAfterMs(retryAfter ?? undefined, systemClock.now());
  return askedMs === null ? null : Math.min(Math.max(askedMs, MIN_PAUSE_MS), MAX_PAUSE_MS);
}

/** The send result for a fault after the token was accepted, or refused twice. */
export function sendResultOf(fault: SendFault): SendResult {
  const reason = describeSendFault(fault);
  if (fault.kind === "not_sent")
    return { kind: "retry", reason, code: `sureadhere_${fault.code}`, scope: "conversation" };
  if (fault.kind === "unanswered") return { kind: "unknown", reason, code: `sureadhere_${fault.code}` };
  const { status, pauseMs } = fault;
  const code = `sureadhere_${status}`;
  const later = pauseMs === null ? {} : { afterMs: pauseMs };
  if (status === 429)
    return { kind: "retry", reason, code, scope: "connection", afterMs: pauseMs ?? DEFAULT_PAUSE_MS };
  if (status === 401) return { kind: "failed", reason, code, scope: "connection" };
  // The gateway got no answer in time from the server behind it. That server may have processed the message.
  if (status === 504) return { kind: "unknown", reason, code };
  // 408 and 425 ask the client to repeat the request.
  if (status >= 500 || status === 408 || status === 425)
    return { kind: "retry", reason, code, scope: "conversation", ...later };
  // SureAdhere does not redirect, so another server in between does.
  if (status < 400) return { kind: "retry", reason, code, scope: "connection", ...later };
  return { kind: "failed", reason, code, scope: "conversation" };
}

/** The send result for a fault of the token endpoint. The message was not sent. */
export function tokenSendResult(fault: TokenFault): SendResult {
  const reason = describeTokenFault(fault);
  if (fault.kind === "refused")
    return { kind: "failed", reason, code: `sureadhere_token_${fault.error}`, scope: "connection" };
  if (fault.kind !== "answered")
    return { kind: "retry", reason, code: `sureadhere_token_${fault.code}`, scope: "connection" };
  const pauseMs = fault.pauseMs ?? (fault.status === 429 ? DEFAULT_PAUSE_MS : null);
  const later = pauseMs === null ? {} : { afterMs: pauseMs };
  return { kind: "retry", reason, code: `sureadhere_token_${fault.status}`, scope: "connection", ...later };
}

/** Describes a fault in a sentence that an operator can act on. */
function describeSendFault(fault: SendFault): string {
  if (fault.kind === "not_sent")
    return `SureAdhere could not be reached (${fault.code}); check the network and \`baseUrl\``;
  if (fault.kind === "unanswered")
    return `SureAdhere did not answer (${fault.code}); the message may or may not have been taken`;
  if (fault.status === 401)
    return "SureAdhere refused the token (401), a new one too; check `clientId`, `clientScope` and `baseUrl`";
  return fault.status < 400
    ? `HTTP ${fault.status} instead of an answer of SureAdhere; check \`baseUrl\` and proxies`
    : `SureAdhere answered HTTP ${fault.status}`;
}

/** Describes a token fault in the same way. */
export function describeTokenFault(fault: TokenFault): string {
  if (fault.kind === "refused")
    return `the authorization server refused the credentials (${fault.error}); check \`clientId\`, \`clientSecret\` and \`clientScope\``;
  if (fault.kind === "not_sent")
    return `the authorization server could not be reached (${fault.code}); check the network and \`authUrl\``;
  if (fault.kind === "unanswered") return `the authorization server did not answer (${fault.code})`;
  return `the authorization server gave no token (HTTP ${fault.status}); check \`authUrl\``;
}
