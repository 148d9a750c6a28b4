import type { ApiAnswer } from "../wire/answer-calls.ts";

/** A refusal of the Bot API. */
export interface Refusal {
  error_code: number;
  description: string;
  parameters?: { retry_after?: number; migrate_to_chat_id?: number };
}

/** `description`: the Bot API's own words about a success. Most have none. */
export type Outcome = { result: unknown; description?: string } | Refusal;

export const ok = (result: unknown, description?: string): Outcome =>
  description === undefined ? { result } : { result, description };
export const refuse = (error_code: number, description: string): Refusal => ({ error_code, description });
export const badRequest = (words: string): Refusal => refuse(400, `Bad Request: ${words}`);

export function isRefusal(outcome: object): outcome is Refusal {
  return "error_code" in outcome;
}

export function toAnswer(outcome: Outcome): ApiAnswer {
  return isRefusal(outcome)
    ? { status: outcome.error_code, body: { ok: false, ...outcome } }
    : { status: 200, body: { ok: true, ...outcome } };
}

export function limited(seconds: number): ApiAnswer {
  const parameters = { retry_after: seconds };
  const refusal = { error_code: 429, description: `Too Many Requests: retry after ${seconds}`, parameters };
  return { ...toAnswer(refusal), headers: { "retry-after": String(seconds) } };
}
