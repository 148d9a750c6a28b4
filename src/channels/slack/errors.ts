import {
  WebAPIHTTPError,
  WebAPIPlatformError,
  WebAPIRateLimitedError,
  WebAPIRequestError,
} from "@slack/web-api";
import type { SendResult } from "../../core/outbound.ts";

/** What can go wrong with a Web API call, without anything secret in it. */
export type SlackFault =
  /** Slack answered `{ ok: false, error }`. */
  | { kind: "refused"; error: string }
  | { kind: "rate_limited"; retryAfterMs: number }
  /** Something that is not the Web API answered, or the Web API with a status of its own. */
  | { kind: "http"; status: number }
  /** Nothing of the request was written. */
  | { kind: "not_sent"; code: string }
  /** The request left, the answer did not come. */
  | { kind: "unanswered"; code: string };

/** Failures to connect, by Node's and undici's codes. */
const NOT_SENT =
  /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL|UND_ERR_CONNECT_TIMEOUT|UND_ERR_DESTROYED|UND_ERR_CLOSED|ERR_TLS_.*|CERT_.*|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_.*)$/;

/** Slack's words for how long to wait, where it limits without a header. */
const DEFAULT_PAUSE_MS = 30_000;

/**
 * Reads an error of a Web API call by its class and codes, never by its words. The only place that looks into the
 * vendor's errors: what they hold of a request must not get into a log.
 */
export function readFault(error: unknown): SlackFault {
  if (error instanceof WebAPIRateLimitedError)
    return { kind: "rate_limited", retryAfterMs: error.retryAfter * 1000 };
  if (error instanceof WebAPIHTTPError) return { kind: "http", status: error.statusCode };
  if (error instanceof WebAPIPlatformError) {
    const { error: code } = error.data;
    // Anything else in its place was not written by Slack: a page of a proxy, for one.
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

function systemCode(error: unknown): string {
  for (let at = error; at instanceof Error; at = at.cause) {
    if (at.name === "TimeoutError" || at.name === "AbortError") return "timeout";
    if ("code" in at && typeof at.code === "string" && /^[A-Z0-9_]{3,60}$/.test(at.code)) return at.code;
  }
  return "connection_failed";
}

/** The token, or what it may do: nothing works until an operator changes it. */
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

/** Slack says that nothing happened and that later may work. */
const TRANSIENT = new Set(["service_unavailable", "request_timeout", "team_added_to_org", "accesslimited"]);

/** Slack says that part of it may have been carried out. */
const UNCERTAIN = new Set(["internal_error", "fatal_error"]);

/** What a fault means for one send. */
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
        scope: "channel",
        afterMs: fault.retryAfterMs,
      };
    case "http":
      // A gateway's 4xx turned the request away; its 5xx may come from behind it.
      return fault.status < 500
        ? { kind: "retry", reason, code: `slack_http_${fault.status}`, scope: "channel" }
        : { kind: "unknown", reason, code: `slack_http_${fault.status}` };
    case "refused":
      return refusedSend(fault.error, reason);
  }
}

function refusedSend(error: string, reason: string): SendResult {
  const code = `slack_${error}`;
  if (CREDENTIALS.has(error)) return { kind: "failed", reason, code, scope: "channel" };
  if (TRANSIENT.has(error)) return { kind: "retry", reason, code, scope: "conversation" };
  if (UNCERTAIN.has(error)) return { kind: "unknown", reason, code };
  return { kind: "failed", reason, code, scope: "conversation" };
}

/** Whether Slack took offence at how the text was given, not at where it should go. */
export function isFormatRefused(fault: SlackFault): boolean {
  return (
    fault.kind === "refused" &&
    /^(no_text|invalid_arguments|invalid_arg_name|invalid_blocks\w*|msg_blocks_too_long|invalid_markdown\w*|markdown_text_\w+)$/.test(
      fault.error,
    )
  );
}

/** Whether asking again is of no use until the app is changed. */
export function isFinal(fault: SlackFault): boolean {
  if (fault.kind === "refused") return CREDENTIALS.has(fault.error) || fault.error === "unknown_method";
  return fault.kind === "http" && fault.status === 404;
}

/** A fault as a sentence an operator can act on. */
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
  if (fault.error === "missing_scope")
    return "Slack answered missing_scope: the app lacks a scope; add it under OAuth & Permissions and install the app again";
  if (CREDENTIALS.has(fault.error))
    return `Slack refused the token (${fault.error}); copy it again from OAuth & Permissions`;
  return `Slack answered ${fault.error}`;
}
