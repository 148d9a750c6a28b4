import type { ErrorRequestHandler, RequestHandler } from "express";
import { RequestError } from "../core/errors.ts";
import type { Logger } from "../core/logger.ts";

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
    const requestId: string = response.locals["requestId"] ?? "";
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

/** What express itself throws at a request; its body readers' errors carry a `type`. Anything else is a bug. */
function fromExpress(error: unknown): RequestError | null {
  // `%ff` in a path: not the text of anything.
  if (error instanceof URIError) return new RequestError(400, "invalid_path", "The path cannot be decoded.");
  if (!(error instanceof Error) || !("type" in error)) return null;
  switch (error.type) {
    case "entity.too.large":
      return new RequestError(413, "body_too_large", "The body is larger than this endpoint takes.");
    case "entity.parse.failed":
      return new RequestError(400, "malformed_json", "The body is not valid JSON.");
    case "encoding.unsupported":
    case "charset.unsupported":
      return new RequestError(415, "unsupported_encoding", "Send the body as plain UTF-8.");
    case "request.aborted":
    case "request.size.invalid":
      return new RequestError(400, "body_incomplete", "The body is not as long as announced.");
    default:
      return null;
  }
}
