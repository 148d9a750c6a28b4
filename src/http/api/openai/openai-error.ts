import { RequestError } from "../../../core/faults/errors.ts";

/** OpenAI's names for the kinds of errors. */
const TYPES: Readonly<Record<number, string>> = {
  401: "authentication_error",
  403: "permission_error",
  424: "server_error",
  429: "rate_limit_error",
};
/** Codes of turns that ended without an answer. A repeated call would begin another conversation and another turn. */
const ENDED_TURNS: ReadonlySet<string> = new Set(["bot_failed", "execution_cancelled"]);
const NOT_AGAIN = { "X-Should-Retry": "false" };

/**
 * The same error in the format of OpenAI's API, with `type` and `param`. Most of its clients repeat 409 and every 5xx
 * automatically. So a failed turn has a status that no client repeats.
 */
export function asOpenaiError(error: RequestError): RequestError {
  if (Object.hasOwn(error.fields, "type")) return error;
  const { code, message, details, headers, cause } = error;
  const status = ENDED_TURNS.has(code) ? 424 : error.status;
  const type = TYPES[status] ?? (status >= 500 ? "server_error" : "invalid_request_error");
  return new RequestError(status, code, message, {
    details,
    headers: status === 424 || code === "budget_exceeded" ? { ...headers, ...NOT_AGAIN } : headers,
    fields: { type, param: firstPath(details) },
    cause,
  });
}

/** The path of the wrong field, if there is one. */
function firstPath(details: unknown): string | null {
  if (typeof details !== "object" || details === null || !("problems" in details)) return null;
  const [problem] = Array.isArray(details.problems) ? details.problems : [];
  const path: unknown = problem?.path;
  return typeof path === "string" && path !== "" ? path : null;
}
