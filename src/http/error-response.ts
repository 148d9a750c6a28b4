import type { ErrorRequestHandler, RequestHandler } from "express";
import { RequestError } from "../core/errors.ts";
import type { Logger } from "../core/logger.ts";

/** The one place where an error becomes a response: `{ error: { code, message, details, request_id } }`. */
export function errorResponse(log: Logger): ErrorRequestHandler {
  return (error, _request, response, next) => {
    if (response.headersSent) return next(error);
    const requestId: string = response.locals["requestId"] ?? "";
    const known = error instanceof RequestError ? error : fromExpress(error);
    if (!known || known.status >= 500) log.error({ err: error, request_id: requestId }, "a request failed");
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

/** What express itself throws at a request; anything else is a bug. */
function fromExpress(error: unknown): RequestError | null {
  // `%ff` in a path: not the text of anything.
  return error instanceof URIError
    ? new RequestError(400, "invalid_path", "The path cannot be decoded.")
    : null;
}
