import { GrammyError } from "grammy";
import type { SendResult } from "../../core/message/outbound.ts";
import { TransportError } from "./transport.ts";

/** The possible faults of a Bot API call, without any secret. */
export type TelegramFault =
  /** The Bot API refused the call. */
  | {
      kind: "refused";
      status: number;
      description: string;
      retryAfterMs: number | null;
      movedTo: string | null;
    }
  /** Something in between (a proxy) answered instead of the Bot API. */
  | { kind: "intercepted"; status: number }
  /** No part of the request was sent. */
  | { kind: "not_sent"; code: string }
  /** The request was sent, but no answer came. */
  | { kind: "unanswered"; code: string };

/**
 * Reads an error of a Bot API call by its codes and parameters, never by its text. Only this function reads grammY's
 * errors, because they contain the URL, and with it the token.
 */
export function readFault(error: unknown, token: string): TelegramFault {
  if (error instanceof GrammyError) {
    const { retry_after: seconds, migrate_to_chat_id: chat } = error.parameters;
    return {
      kind: "refused",
      status: error.error_code,
      description: withoutToken(String(error.description ?? ""), token),
      retryAfterMs: seconds === undefined ? null : seconds * 1000,
      movedTo: chat === undefined ? null : String(chat),
    };
  }
  if (!(error instanceof TransportError)) return { kind: "unanswered", code: "unexpected_error" };
  if (!error.sent) return { kind: "not_sent", code: error.code };
  // A 4xx of a gateway means that it refused the request. Its 5xx may come from the server behind it.
  const turnedAway = error.status !== null && error.status >= 300 && error.status < 500;
  return turnedAway
    ? { kind: "intercepted", status: error.status ?? 0 }
    : { kind: "unanswered", code: error.status === null ? error.code : `http_${error.status}` };
}

/** The result of one send for a fault. */
export function sendResultOf(fault: TelegramFault): SendResult {
  const reason = describeFault(fault);
  switch (fault.kind) {
    case "not_sent":
      return { kind: "retry", reason, code: `telegram_${fault.code}`, scope: "conversation" };
    case "unanswered":
      return { kind: "unknown", reason, code: `telegram_${fault.code}` };
    case "intercepted":
      return { kind: "retry", reason, code: `telegram_http_${fault.status}`, scope: "connection" };
    case "refused":
      return refusedSend(fault, reason);
  }
}

function refusedSend(fault: Extract<TelegramFault, { kind: "refused" }>, reason: string): SendResult {
  if (fault.movedTo !== null) return { kind: "moved", address: fault.movedTo };
  const code = `telegram_${fault.status}`;
  const later = fault.retryAfterMs === null ? {} : { afterMs: fault.retryAfterMs };
  // Most limits count for one chat. A limit of the whole bot also stops other chats, and that widens the pause.
  if (fault.status === 429) return { kind: "retry", reason, code, scope: "conversation", ...later };
  if (isTokenRefused(fault)) return { kind: "failed", reason, code, scope: "connection" };
  // If the Bot API itself reports the error, it did not execute the call. That is true even for its own errors.
  if (fault.status >= 500 || fault.status === 409)
    return { kind: "retry", reason, code, scope: "conversation", ...later };
  // The bot is blocked, deactivated or removed from the group, so nothing else arrives either.
  return { kind: "failed", reason, code, scope: fault.status === 403 ? "user" : "conversation" };
}

/** 401: revoked or mistyped. 404: not in the format of a token, so the Bot API knows no such path. */
function isTokenRefused(fault: TelegramFault): boolean {
  return fault.kind === "refused" && (fault.status === 401 || fault.status === 404);
}

/**
 * An edit that would change nothing. Only this refusal is recognised by its text. Telegram gives nothing else that
 * separates it from a message that cannot be edited.
 */
export function isUnmodified(fault: TelegramFault): boolean {
  return (
    fault.kind === "refused" &&
    fault.status === 400 &&
    /message is not modified|MESSAGE_NOT_MODIFIED/.test(fault.description)
  );
}

/** A fault as a sentence that tells an operator what to do. */
export function describeFault(fault: TelegramFault): string {
  switch (fault.kind) {
    case "not_sent":
      return `Telegram could not be reached (${fault.code}); check the network and \`apiRoot\``;
    case "unanswered":
      return `Telegram did not answer (${fault.code}); the call may or may not have been carried out`;
    case "intercepted":
      return `something other than the Bot API answered with HTTP ${fault.status}; check \`apiRoot\` and proxies`;
    case "refused":
      break;
  }
  if (isTokenRefused(fault))
    return `Telegram refused the token (${fault.status}); copy it again from @BotFather into \`token\``;
  const said = `Telegram answered ${fault.status}: ${fault.description || "no description"}`;
  return fault.status === 409
    ? `${said}; another process polls with this token, or a webhook is set: run one of them only`
    : said;
}

/** External text without the token, safe to show. */
export function withoutToken(text: string, token: string): string {
  return text.replaceAll(token, "<token>").slice(0, 500);
}
