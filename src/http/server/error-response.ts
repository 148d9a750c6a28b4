import type { ErrorRequestHandler, RequestHandler } from "express";
import { RequestError } from "../../core/faults/errors.ts";
import type { Logger } from "../../core/process/logger.ts";
import { requestIdOf } from "./request-id.ts";

/** Interval of warnings during an overload, milliseconds. */
const OVERLOAD_WARNING_MS = 10_000;

/** The only place that turns an error into a response: `{ error: { code, message, details, request_id } }`. */
export function errorResponse(log: Logger): ErrorRequestHandler {
  let refusedAt = Number.NEGATIVE_INFINITY;

  /** A log line for each refusal would add more load. */
  function warnOfOverload(): void {
    if (performance.now() - refusedAt < OVERLOAD_WARNING_MS) return;
    refusedAt = performance.now();
    log.warn({}, "too many messages arrive; senders are told to send again");
  }

  return (error, _request, response, next) => {
    if (response.headersSent) return next(error);
    const requestId = requestIdOf(response);
    const known = error instanceof RequestError ? error : fromExpress(error);
    if (known?.code === "overloaded") warnOfOverload();
    else if (!known || known.status >= 500)
      log.error({ err: error, request_id: requestId }, "a request failed");
    const { status, code, message, details, headers, fields } =
      known ??
      new RequestError(
        500,
        "internal_error",
        "Something went wrong here. The operator's log has the reason.",
      );
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    response.status(status).json({ error: { code, message, details, ...fields, request_id: requestId } });
  };
}

export const notFound: RequestHandler = (request) => {
  throw new RequestError(404, "route_not_found", `There is no ${request.method} ${request.path}.`);
};

/** The errors that express itself throws at a request. Any other error is a bug. */
function fromExpress(error: unknown): RequestError | null {
  // For example `%ff` in a path, which is not valid UTF-8.
  return error instanceof URIError
    ? new RequestError(400, "invalid_path", "The path cannot be decoded.")
    : null;
}
