import { InvalidPromptError, ToolChoiceViolationError, UnsupportedFunctionalityError } from "ai";
import { BotError } from "../../core/faults/errors.ts";
import { hideSecrets } from "../../core/text/hide-secrets.ts";
import { excerpt } from "../../core/text/text.ts";
import { systemClock } from "../../core/time/clock.ts";
import { retryAfterMs } from "../../core/time/retry-after.ts";
import type { ConfiguredModel } from "./model.ts";
import { type ProviderFault, readFault } from "./provider-fault.ts";

/** Statuses of providers for a kind of content that a model does not support. */
const CONTENT_REFUSED: ReadonlySet<number | null> = new Set([400, 404, 413, 415, 422]);

/** Returns true if a provider may have refused the kind of content. The model may answer text alone. */
export function refusesContent(error: unknown): boolean {
  return UnsupportedFunctionalityError.isInstance(error) || CONTENT_REFUSED.has(readFault(error).status);
}

/** Templates, validators and Google each use different words for it. */
const SYSTEM_REFUSED =
  /\bsystem\b.{0,60}\b(role|message|prompt|instruction)|\brole\b.{0,60}\bsystem\b|roles?\b.{0,40}\balternate|\bonly\b.{0,60}\broles?\b|developer instruction|'user'.{0,30}'assistant'/is;
/** At some servers, a template that fails on a role causes a server error. */
const ROLE_REFUSED: ReadonlySet<number | null> = new Set([400, 404, 422, 500, 501]);

/** Returns true if a provider refused the system role. */
export function refusesSystemRole(error: unknown): boolean {
  const { status, message } = readFault(error);
  return ROLE_REFUSED.has(status) && SYSTEM_REFUSED.test(message);
}

/** The error for a provider's failure: the reason for operators, and if a retry can help. */
export function toBotError(error: unknown, model: ConfiguredModel, begun: boolean): BotError {
  if (error instanceof BotError) return error;
  const fault = readFault(error);
  const said = saidBy(fault, model);
  const { host, name } = model;
  const final = { retryable: false };

  if (ToolChoiceViolationError.isInstance(error)) return neverAnswered(name);
  if (InvalidPromptError.isInstance(error) || UnsupportedFunctionalityError.isInstance(error)) {
    return new BotError("request_refused", `${host} cannot be asked this${said}`, final);
  }
  if (fault.unreachable) {
    return new BotError(
      "provider_unreachable",
      `${host} cannot be reached or hung up before it answered: check bot.baseUrl and the network${said}`,
    );
  }
  if (isTooLong(fault)) {
    const advice = "lower the agent's history.maxTokens or choose a model with a larger context";
    return new BotError("context_length", `the prompt is too long for ${name}: ${advice}${said}`, final);
  }
  if (/content_?filter|content_policy|safety/i.test(fault.code)) {
    return new BotError("content_filter", `${host} refused the content by its policy${said}`, final);
  }
  if (/insufficient_quota|billing/.test(fault.code) || fault.status === 402) {
    return new BotError("quota_exceeded", `the account at ${host} has no credit left${said}`, final);
  }
  return fault.status === null
    ? brokenStream(fault, model, begun, said)
    : refused(fault, fault.status, model, said);
}

/** The error for an answer with the status of a refusal. */
function refused(
  fault: ProviderFault,
  status: number,
  { host, name }: ConfiguredModel,
  said: string,
): BotError {
  const error = (code: string, reason: string) => new BotError(code, reason, { retryable: false });
  switch (status) {
    case 401:
      // The provider's text is left out, because it may repeat parts of the key.
      return error("invalid_credentials", `${host} refused the API key (401): check bot.apiKey`);
    case 403:
      return error("access_denied", `${host} denied access to ${name} (403): check the key's rights${said}`);
    case 404:
      return error(
        "model_not_found",
        `${host} knows no ${name} (404): check bot.model and bot.baseUrl${said}`,
      );
    case 429:
      return new BotError("rate_limited", `${host} asks for fewer requests (429)${said}`, retryAfter(fault));
    default:
      return refusedOrUnavailable(fault, status, host, said);
  }
}

/** The error for a model that called tools although it had to answer. */
export function neverAnswered(model: string): BotError {
  const reason = `${model} called tools until the end and never answered: raise bot.maxSteps`;
  return new BotError("step_limit", reason, { retryable: false });
}

function refusedOrUnavailable(fault: ProviderFault, status: number, host: string, said: string): BotError {
  // Timeout, conflict and too early are temporary 4xx statuses.
  if (status >= 500 || [408, 409, 425].includes(status)) {
    return new BotError(
      "provider_unavailable",
      `${host} cannot answer now (${status})${said}`,
      retryAfter(fault),
    );
  }
  return new BotError("request_refused", `${host} refused the request (${status})${said}`, {
    retryable: false,
  });
}

function brokenStream(fault: ProviderFault, model: ConfiguredModel, begun: boolean, said: string): BotError {
  if (/rate_limit|overloaded/.test(fault.code) || fault.code === "429") {
    return new BotError("rate_limited", `${model.host} asks for fewer requests${said}`);
  }
  const what = begun ? "broke its answer off" : "sent no answer that could be read: check bot.baseUrl";
  return new BotError("stream_interrupted", `${model.host} ${what}${said}`);
}

/** Most providers have no code for it, so their text is matched. */
function isTooLong({ status, code, message }: ProviderFault): boolean {
  if (/context_length|context_window/.test(code)) return true;
  const words = /context (length|window|size)|prompt is too long|input token count|maximum.*tokens/i;
  return (status === 400 || status === 413 || status === 422) && words.test(message);
}

/** The provider's own text to append, short and without secrets; empty if it had none. */
function saidBy(fault: ProviderFault, model: ConfiguredModel): string {
  const words = excerpt(hideSecrets(fault.message, model.secrets), 300);
  return words === "" ? "" : ` ("${words}")`;
}

function retryAfter({ headers }: ProviderFault): { retryAfterMs?: number } {
  const milliseconds = Number(headers["retry-after-ms"] ?? Number.NaN);
  if (milliseconds >= 0) return { retryAfterMs: milliseconds };
  const wait = retryAfterMs(headers["retry-after"], systemClock.now());
  return wait === null ? {} : { retryAfterMs: wait };
}
