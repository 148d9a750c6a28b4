import {
  WebAPIHTTPError,
  WebAPIPlatformError,
  WebAPIRateLimitedError,
  WebAPIRequestError,
} from "@slack/web-api";
import type { SendResult } from "../../core/message/outbound.ts";

/** The possible failures of a Web API call, without any secret. */
export type SlackFault =
  /** Slack answered `{ ok: false, error }`. */
  | { kind: "refused"; error: string }
  | { kind: "rate_limited"; retryAfterMs: number }
  /** A server other than the Web API answered, or the Web API answered with an HTTP error status. */
  | { kind: "http"; status: number }
  /** No byte of the request was written. */
  | { kind: "not_sent"; code: string }
  /** The request was sent, but no answer came. */
  | { kind: "unanswered"; code: string };

/** Failures to connect, by the codes of Node and undici. */
const NOT_SENT =
  /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL|UND_ERR_CONNECT_TIMEOUT|UND_ERR_DESTROYED|UND_ERR_CLOSED|ERR_TLS_.*|CERT_.*|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_.*)$/;

/** The pause that Slack documents, for a rate limit without a header. */
const DEFAULT_PAUSE_MS = 30_000;

/**
 * Reads an error of a Web API call by its class and codes, never by its text. Only this function looks into the
 * vendor's errors, because the request data in them must not reach a log.
 */
export function readFault(error: unknown): SlackFault {
  if (error instanceof WebAPIRateLimitedError)
    return { kind: "rate_limited", retryAfterMs: error.retryAfter * 1000 };
  if (error instanceof WebAPIHTTPError) return { kind: "http", status: error.statusCode };
  if (error instanceof WebAPIPlatformError) {
    const { error: code } = error.data;
    // Slack did not write any other value; for example, a proxy's page may stand in its place.
    if (typeof code !== "string" || !/^[a-zA-Z0-9_.-]{1,80}$/.test(code))
      return { kind: "unanswered", code: "not_slack" };
    return code === "ratelimited" || code === "rate_limited"
      ? { kind: "rate_limited", retryAfterMs: DEFAULT_PAUSE_MS }
      : { kind: "refused", error: code };
  }
  if (!(error instanceof WebAPIRequestError)) return { kind: "unanswered", code: "unexpected_error" };
  const code = systemCode(error.original);
  return { kind: NOT_SENT.test(code) ? "not_sent" : "unanswered", code };
}

/** True for an error of a call to Slack. Anything else went wrong here. */
export function isSlacks(error: unknown): boolean {
  return [WebAPIRateLimitedError, WebAPIHTTPError, WebAPIPlatformError, WebAPIRequestError].some(
    (kind) => error instanceof kind,
  );
}

function systemCode(error: unknown): string {
  for (let at = error; at instanceof Error; at = at.cause) {
    if (at.name === "TimeoutError" || at.name === "AbortError") return "timeout";
    if ("code" in at && typeof at.code === "string" && /^[A-Z0-9_]{3,60}$/.test(at.code)) return at.code;
  }
  return "connection_failed";
}

/** The token or its permissions are wrong. Nothing works until an operator changes them. */
const CREDENTIALS = new Set([
  "invalid_auth",
  "not_authed",
  "account_inactive",
  "token_revoked",
  "token_expired",
  "missing_scope",
  "no_permission",
  "not_allowed_token_type",
  "org_login_required",
  "team_access_not_granted",
  "access_denied",
]);

/** Slack reports that nothing happened and that a later call may work. */
const TRANSIENT = new Set(["service_unavailable", "request_timeout", "team_added_to_org", "accesslimited"]);

/** Slack reports that it may have carried out part of the call. */
const UNCERTAIN = new Set(["internal_error", "fatal_error"]);

/** The result of one send, for a fault. */
export function sendResultOf(fault: SlackFault): SendResult {
  const reason = describeFault(fault);
  switch (fault.kind) {
    case "not_sent":
      return { kind: "retry", reason, code: `slack_${fault.code}`, scope: "conversation" };
    case "unanswered":
      return { kind: "unknown", reason, code: `slack_${fault.code}` };
    case "rate_limited":
      return {
        kind: "retry",
        reason,
        code: "slack_ratelimited",
        scope: "conversation",
        afterMs: fault.retryAfterMs,
      };
    case "http":
      // A gateway's 4xx rejected the request. Its 5xx may come from the server behind it.
      return fault.status < 500
        ? { kind: "retry", reason, code: `slack_http_${fault.status}`, scope: "connection" }
        : { kind: "unknown", reason, code: `slack_http_${fault.status}` };
    case "refused":
      return refusedSend(fault.error, reason);
  }
}

function refusedSend(error: string, reason: string): SendResult {
  const code = `slack_${error}`;
  if (CREDENTIALS.has(error)) return { kind: "failed", reason, code, scope: "connection" };
  if (TRANSIENT.has(error)) return { kind: "retry", reason, code, scope: "conversation" };
  if (UNCERTAIN.has(error)) return { kind: "unknown", reason, code };
  return { kind: "failed", reason, code, scope: "conversation" };
}

/** Returns true if Slack refused the format of the text, not its destination. */
export function isFormatRefused(fault: SlackFault): boolean {
  return (
    fault.kind === "refused" &&
    /^(no_text|invalid_arguments|invalid_arg_name|invalid_blocks\w*|msg_blocks_too_long|invalid_markdown\w*|markdown_text_\w+)$/.test(
      fault.error,
    )
  );
}

/** Returns true if another call is useless until the app is changed. */
export function isFinal(fault: SlackFault): boolean {
  if (fault.kind === "refused") return CREDENTIALS.has(fault.error) || fault.error === "unknown_method";
  return fault.kind === "http" && fault.status === 404;
}

/** Returns true if the app or the workspace lacks the feature of the call, until somebody changes that. */
export function isUnsupported(fault: SlackFault): boolean {
  const isRefused =
    fault.kind === "refused" && /not_(authorized|supported|allowed|enabled)/.test(fault.error);
  return isRefused || isFinal(fault);
}

/** Returns true if Slack refused and would refuse again. */
export function isRefusal(fault: SlackFault): fault is Extract<SlackFault, { kind: "refused" }> {
  return fault.kind === "refused" && sendResultOf(fault).kind === "failed";
}

/** Advice for refusals that people meet when they set up an app. */
const ADVICE: Readonly<Record<string, string>> = {
  not_in_channel: "the bot is not in this Slack channel; write `/invite @name` there",
  channel_not_found:
    "there is no such Slack channel, or it is a private one without the bot; write `/invite @name` there",
  is_archived: "the Slack channel is archived",
  restricted_action: "the workspace lets only some people post in this Slack channel",
  missing_scope: "the app lacks a scope; add it under OAuth & Permissions and install the app again",
  token_expired: "this token expires in 12 hours; use `oauth`, or switch token rotation off",
  invalid_refresh_token: "its refresh token is used up; install the app again",
  bad_client_secret: "check `oauth.clientSecret` (Basic Information)",
  invalid_client_id: "check `oauth.clientId` (Basic Information)",
};

/** A fault as a sentence that an operator can act on. */
export function describeFault(fault: SlackFault): string {
  switch (fault.kind) {
    case "not_sent":
      return `Slack could not be reached (${fault.code}); check the network and \`apiUrl\``;
    case "unanswered":
      return `Slack did not answer (${fault.code}); the call may or may not have been carried out`;
    case "rate_limited":
      return `Slack asked to wait ${Math.ceil(fault.retryAfterMs / 1000)} s (ratelimited)`;
    case "http":
      return `HTTP ${fault.status} instead of an answer of the Web API; check \`apiUrl\` and proxies`;
    case "refused":
      break;
  }
  const advice = ADVICE[fault.error];
  if (advice !== undefined) return `Slack answered ${fault.error}: ${advice}`;
  if (CREDENTIALS.has(fault.error))
    return `Slack refused the token (${fault.error}); copy it again from OAuth & Permissions`;
  return `Slack answered ${fault.error}`;
}
