import type { ErrorRequestHandler, RequestHandler } from "express";
import { RequestError } from "../core/errors.ts";
import type { Logger } from "../core/logger.ts";
import { requestIdOf } from "./request-id.ts";

/** How often an overload that lasts is spoken of, milliseconds. */
const OVERLOAD_WARNING_MS = 10_000;

/** The one place where an error becomes a response: `{ error: { code, message, details, request_id } }`. */
export function errorResponse(log: Logger): ErrorRequestHandler {
  let refusedAt = Number.NEGATIVE_INFINITY;

  /** A line for each refusal would be one more load. */
  function warnOfOverload(): void {
    if (performance.now() - refusedAt < OVERLOAD_WARNING_MS) return;
    refusedAt = performance.now();
    log.warn({}, "more arrives than can be taken; senders are told to come again");
  }

  return (error, _request, response, next) => {
    if (response.headersSent) return next(error);
    const requestId = requestIdOf(response);
    const known = error instanceof RequestError ? error : fromExpress(error);
    if (known?.code === "overloaded") warnOfOverload();
    else if (!known || known.status >= 500)
      log.error({ err: error, request_id: requestId }, "a request failed");
    const { status, code, message, details, headers } =
      known ??
      new RequestError(500, "internal_error", "Something went wrong here. The operator's log says what.");
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    response.status(status).json({ error: { code, message, details, request_id: requestId } });
  };
}

export const notFound: RequestHandler = (request) => {
  throw new RequestError(404, "route_not_found", `There is no ${request.method} ${request.path}.`);
};

/** What express itself throws at a request. Anything else is a bug. */
function fromExpress(error: unknown): RequestError | null {
  // `%ff` in a path: not the text of anything.
  return error instanceof URIError
    ? new RequestError(400, "invalid_path", "The path cannot be decoded.")
    : null;
}
