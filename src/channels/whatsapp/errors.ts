import type { DeliveryReceipt } from "../../core/channel-event.ts";
import type { SendResult } from "../../core/outbound.ts";
import type { Unreachable } from "../../core/reachability.ts";

/** What can go wrong with a call of a provider's API, without anything secret in it. */
export type ApiFault =
  /** The provider answered no, in its own words. `code` is 0 where it named none. */
  | { kind: "refused"; status: number; code: number; said: string | null; retryAfterMs: number | null }
  /** Something in between (a proxy) answered instead of the provider. */
  | { kind: "intercepted"; status: number }
  /** Nothing of the request was written. */
  | { kind: "not_sent"; code: string }
  /** The request left, the answer did not come. */
  | { kind: "unanswered"; code: string };

/** What an error code of a provider's means for a send. */
export type CodeMeaning =
  /** The whole sender has to wait. */
  | "slow_down"
  /** Too much for this one user at the moment. */
  | "slow_down_user"
  | "try_again"
  /** More than 24 hours since the user wrote. */
  | "window_closed"
  | "opted_out"
  /** Nothing of this channel can be sent until its configuration is corrected. */
  | "misconfigured"
  | "failed";

/** A provider as its errors show it. */
export interface ProviderWords {
  name: string;
  /** Begins the codes of its errors: `twilio_63024`. */
  prefix: string;
  /** Within what time a receipt tells of a send whose answer was lost; null where we look for it ourselves. */
  receiptsAfterMs: number | null;
  meaningOf(code: number): CodeMeaning;
  /** A code as a sentence an operator can act on, where there is more to say than the provider does. */
  sentenceOf(code: number): string | undefined;
}

/** How long everything rests after a limit that does not say how long it lasts, milliseconds. */
const DEFAULT_PAUSE_MS = 5_000;
/** One message in six seconds to the same user is what WhatsApp takes for long (Meta, "Pair rate limits"). */
const PAIR_PAUSE_MS = 6_000;

/** Why a reply outside the window is not even tried. */
export const WINDOW_CLOSED =
  "the user has not written for 24 hours, and WhatsApp takes only approved templates then (configure `template`)";

/** What is known of a user who said STOP. */
export const OPTED_OUT: Unreachable = {
  code: "opted_out",
  reason: "the user has opted out (STOP) and can be written to again once they write",
};

/** What a provider answered, whatever it says. */
export interface Answer {
  status: number;
  /** As `Retry-After` has it; null without one. */
  retryAfterMs: number | null;
  body: string;
}

/** An answer that no provider wrote. A gateway turned the request away, or lost what came from behind it. */
export function readForeignAnswer(status: number): ApiFault {
  return status >= 300 && status < 500
    ? { kind: "intercepted", status }
    : { kind: "unanswered", code: `http_${status}` };
}

/** What a fault means for one send. */
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
      return { kind: "retry", reason, code: `${words.prefix}_http_${fault.status}`, scope: "channel" };
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
  switch (words.meaningOf(fault.code)) {
    case "slow_down":
      // The limits count for the sender or the account: sending on elsewhere makes them last.
      return { kind: "retry", reason, code, scope: "channel", afterMs: afterMs ?? DEFAULT_PAUSE_MS };
    case "slow_down_user":
      return { kind: "retry", reason, code, scope: "conversation", afterMs: afterMs ?? PAIR_PAUSE_MS };
    case "try_again":
      return { kind: "retry", reason, code, scope: "conversation" };
    case "misconfigured":
      return { kind: "failed", reason, code, scope: "channel" };
    case "window_closed":
      return { kind: "failed", reason, code, scope: "conversation" };
    case "opted_out":
      return { kind: "failed", reason, code, scope: "user" };
    case "failed":
      break;
  }
  // An error the provider itself words was not carried out, also when it is its own fault.
  if (fault.status >= 500)
    return {
      kind: "retry",
      reason,
      code,
      scope: "conversation",
      ...(afterMs === null ? {} : { afterMs }),
    };
  return { kind: "failed", reason, code, scope: "conversation" };
}

/** What a receipt of a failure says. `said` are the provider's own words, if it had any. */
export function failureOf(
  code: number,
  said: string | null,
  words: ProviderWords,
): Pick<DeliveryReceipt, "errorCode" | "errorMessage" | "userUnreachable"> {
  return {
    errorCode: deliveryCode(code, words),
    errorMessage: describeCode(code, said, words),
    ...(words.meaningOf(code) === "opted_out" ? { userUnreachable: true } : {}),
  };
}

/** The code a delivery carries. */
function deliveryCode(code: number, words: ProviderWords): string {
  const meaning = words.meaningOf(code);
  if (meaning === "window_closed" || meaning === "opted_out") return meaning;
  return code > 0 ? `${words.prefix}_${code}` : `${words.prefix}_failed`;
}

/** A code as a sentence an operator can act on. `said` are the provider's own words, if it had any. */
function describeCode(code: number, said: string | null, words: ProviderWords): string {
  const known = words.sentenceOf(code);
  if (known !== undefined) return `${known} (${code})`;
  const own = said === null || said === "" ? "no description" : said.slice(0, 300);
  return code > 0 ? `${words.name} answered ${code}: ${own}` : `${words.name} could not deliver it: ${own}`;
}

/** A fault as a sentence an operator can act on. */
export function describeFault(fault: ApiFault, words: ProviderWords): string {
  const { name } = words;
  switch (fault.kind) {
    case "not_sent":
      return `${name} could not be reached (${fault.code}); check the network and \`apiBaseUrl\``;
    case "unanswered":
      return `${name} did not answer (${fault.code}); the call may or may not have been carried out`;
    case "intercepted":
      return `something other than ${name} answered with HTTP ${fault.status}; check \`apiBaseUrl\` and proxies`;
    case "refused":
      return describeCode(fault.code, fault.said ?? `HTTP ${fault.status}`, words);
  }
}
