import type { SendResult } from "../../core/outbound.ts";
import type { HttpOutcome } from "../http-client.ts";

/** What can go wrong with a message, without anything secret in it. */
export type SendFault = Exclude<HttpOutcome, { kind: "answered" }> | Answered;

interface Answered {
  kind: "answered";
  status: number;
  retryAfterMs: number | null;
}

/** What can go wrong with asking for a token. No message has left by then, so none can be lost or doubled. */
export type TokenFault =
  | SendFault
  /** The authorization server does not take our credentials, in the words of RFC 6749, 5.2. */
  | { kind: "refused"; error: string };

/** How long to wait where a limit comes without a time. */
const DEFAULT_PAUSE_MS = 30_000;
const MAX_PAUSE_MS = 60 * 60_000;

/** Reads an answer that is not 2xx, or none at all. */
export function readSendFault(outcome: HttpOutcome): SendFault {
  if (outcome.kind !== "answered") return outcome;
  return { kind: "answered", status: outcome.status, retryAfterMs: pauseOf(outcome.retryAfter) };
}

/** Reads an answer of the token endpoint that holds no token, or none at all. */
export function readTokenFault(outcome: HttpOutcome): TokenFault {
  if (outcome.kind === "answered" && [400, 401, 403].includes(outcome.status))
    return { kind: "refused", error: oauthError(outcome.body) ?? `http_${outcome.status}` };
  return readSendFault(outcome);
}

function oauthError(body: string | null): string | null {
  try {
    const answer: unknown = JSON.parse(body ?? "");
    const error = typeof answer === "object" && answer !== null && "error" in answer ? answer.error : null;
    // One of the standard's words; anything else could be a page that quotes what was sent.
    return typeof error === "string" && /^[a-z_]{1,40}$/.test(error) ? error : null;
  } catch {
    return null;
  }
}

/** `Retry-After` in milliseconds, given in seconds or as a date; null where it is neither. */
function pauseOf(retryAfter: string | null): number | null {
  if (retryAfter === null) return null;
  const given = /^\d+$/.test(retryAfter) ? Number(retryAfter) * 1000 : Date.parse(retryAfter) - Date.now();
  return Number.isNaN(given) ? null : Math.min(Math.max(given, 1000), MAX_PAUSE_MS);
}

/** What a fault means for one send whose token was taken, or refused twice. */
export function sendResultOf(fault: SendFault): SendResult {
  const reason = describeSendFault(fault);
  if (fault.kind === "not_sent")
    return { kind: "retry", reason, code: `sureadhere_${fault.code}`, scope: "conversation" };
  if (fault.kind === "unanswered") return { kind: "unknown", reason, code: `sureadhere_${fault.code}` };
  const { status, retryAfterMs } = fault;
  const code = `sureadhere_${status}`;
  const later = retryAfterMs === null ? {} : { afterMs: retryAfterMs };
  if (status === 429)
    return { kind: "retry", reason, code, scope: "channel", afterMs: retryAfterMs ?? DEFAULT_PAUSE_MS };
  if (status === 401) return { kind: "failed", reason, code, scope: "channel" };
  // A gateway got no answer from behind it in time: what it passed on may have been carried out.
  if (status === 504) return { kind: "unknown", reason, code };
  // 408 and 425 ask for the same request again.
  if (status >= 500 || status === 408 || status === 425)
    return { kind: "retry", reason, code, scope: "conversation", ...later };
  // Not SureAdhere's: something in between sends us elsewhere.
  if (status < 400) return { kind: "retry", reason, code, scope: "channel", ...later };
  return { kind: "failed", reason, code, scope: "conversation" };
}

/** What a fault of the token endpoint means for a send, which has not begun. */
export function withoutToken(fault: TokenFault): SendResult {
  const reason = describeTokenFault(fault);
  if (fault.kind === "refused")
    return { kind: "failed", reason, code: `sureadhere_token_${fault.error}`, scope: "channel" };
  if (fault.kind !== "answered")
    return { kind: "retry", reason, code: `sureadhere_token_${fault.code}`, scope: "channel" };
  const pauseMs = fault.retryAfterMs ?? (fault.status === 429 ? DEFAULT_PAUSE_MS : null);
  const later = pauseMs === null ? {} : { afterMs: pauseMs };
  return { kind: "retry", reason, code: `sureadhere_token_${fault.status}`, scope: "channel", ...later };
}

/** A fault as a sentence an operator can act on. */
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

/** The same for asking for a token. */
export function describeTokenFault(fault: TokenFault): string {
  if (fault.kind === "refused")
    return `the authorization server refused the credentials (${fault.error}); check \`clientId\`, \`clientSecret\` and \`clientScope\``;
  if (fault.kind === "not_sent")
    return `the authorization server could not be reached (${fault.code}); check the network and \`authUrl\``;
  if (fault.kind === "unanswered") return `the authorization server did not answer (${fault.code})`;
  return `the authorization server gave no token (HTTP ${fault.status}); check \`authUrl\``;
}
