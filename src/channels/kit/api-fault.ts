/** The possible faults of a call to a provider's API, without any secret. */
export type ApiFault =
  /** The provider refused the call, with its own text. `code` is 0 if it gave none. */
  | { kind: "refused"; status: number; code: number; said: string | null; retryAfterMs: number | null }
  /** Something in between (a proxy) answered instead of the provider. */
  | { kind: "intercepted"; status: number }
  /** No part of the request was sent. */
  | { kind: "not_sent"; code: string }
  /** The request was sent, but no answer came. */
  | { kind: "unanswered"; code: string };

/** The meaning of a provider's error code for a send. */
export type CodeMeaning =
  /** The whole sender has to wait. */
  | "slow_down"
  /** Too many messages for this one user at the moment. */
  | "slow_down_user"
  | "try_again"
  /** More than 24 hours since the user wrote. */
  | "window_closed"
  | "opted_out"
  /** The user refuses marketing messages. Other messages are possible once the user writes. */
  | "marketing_refused"
  /** The platform cannot take the file. A text may work. */
  | "file_refused"
  /** This channel can send nothing until its configuration is corrected. */
  | "misconfigured"
  | "failed";

/** A provider's name, codes and error texts. */
export interface ProviderWords {
  name: string;
  /** The prefix of its error codes: `twilio_63024`. */
  prefix: string;
  /** Time in which a receipt reports a send whose answer was lost; null: we search for that send ourselves. */
  receiptsAfterMs: number | null;
  meaningOf(code: number): CodeMeaning;
  /** A code as a sentence that tells an operator what to do, if we can say more than the provider. */
  sentenceOf(code: number): string | undefined;
}

/** A provider's answer of any status. */
export interface Answer {
  status: number;
  /** The value of `Retry-After`; null without one. */
  retryAfterMs: number | null;
  body: string;
}

/**
 * The fault for an answer that no provider wrote. A gateway refused the request, or lost the answer of the server
 * behind it.
 */
export function readForeignAnswer(status: number): ApiFault {
  return status >= 300 && status < 500
    ? { kind: "intercepted", status }
    : { kind: "unanswered", code: `http_${status}` };
}

/** A code as a sentence that tells an operator what to do. `said` is the provider's own text, if it gave any. */
export function describeCode(code: number, said: string | null, words: ProviderWords): string {
  const known = words.sentenceOf(code);
  if (known !== undefined) return `${known} (${code})`;
  const own = said === null || said === "" ? "no description" : said.slice(0, 300);
  return code > 0 ? `${words.name} answered ${code}: ${own}` : `${words.name} could not deliver it: ${own}`;
}

/** A fault as a sentence that tells an operator what to do. */
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
